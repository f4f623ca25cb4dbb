// An SMSC over npm's smpp that keeps what it gets and misbehaves on demand.
//
// Listens on a free port of 127.0.0.1, prints "port N", and ends when its
// standard input does. Each submission becomes NNN.json; each answer to what is
// delivered becomes NNN.ack. The last two digits of a number say what is to
// happen. Arguments: the directory, and for TLS a certificate and its key.
'use strict';
const fs = require('fs');
const path = require('path');
const smpp = require('smpp');

const [directory, certificate, key] = process.argv.slice(2);
const REFUSED = {
  '01': smpp.ESME_RINVDSTADR,
  '02': smpp.ESME_RTHROTTLED,
  '05': smpp.ESME_RINVSRCADR,
};
let submissions = 0;
let acks = 0;
let throttled = false;

function keep(number, ending, value) {
  const name = String(number).padStart(3, '0') + ending;
  fs.writeFileSync(path.join(directory, name), JSON.stringify(value));
}

function deliver(session, pdu, fields) {
  session.deliver_sm(Object.assign({
    source_addr_ton: 1, source_addr_npi: 1,
    source_addr: pdu.destination_addr, destination_addr: pdu.source_addr,
  }, fields), (answer) => {
    acks += 1;
    keep(acks, '.ack', { status: answer.command_status });
  });
}

function receipt(id, stat) {
  return `id:${id} sub:001 dlvrd:001 submit date:2603011200 done date:2603011201 stat:${stat} err:000 text:`;
}

function tlvs(id, state) {
  return { esm_class: 4, receipted_message_id: id, message_state: state };
}

function submit(session, pdu) {
  submissions += 1;
  const number = submissions;
  const message = pdu.short_message;
  const payload = pdu.message_payload;
  const part = message.udh ? message.udh[0][message.udh[0].length - 1] : 1;
  keep(number, '.json', {
    to: pdu.destination_addr, from: pdu.source_addr,
    ton: [pdu.source_addr_ton, pdu.source_addr_npi, pdu.dest_addr_ton, pdu.dest_addr_npi],
    text: (payload || message).message, udh: (message.udh || []).map((it) => it.toString('hex')),
    data_coding: pdu.data_coding, esm_class: pdu.esm_class,
    registered_delivery: pdu.registered_delivery, validity: pdu.validity_period,
  });
  const what = pdu.destination_addr.slice(-2);
  const taken = (id) => session.send(pdu.response({ message_id: id }));
  const refused = (status) => session.send(pdu.response({ command_status: status }));
  if (REFUSED[what] !== undefined) return refused(REFUSED[what]);
  switch (what) {
    case '03': return undefined;
    case '04': return session.socket.destroy();
    // A receipt in optional fields, before the answer.
    case '06':
      deliver(session, pdu, tlvs(`m${number}`, 2));
      return taken(`m${number}`);
    // The id in hexadecimal in the answer, in decimal in the receipt, which is
    // marked by nothing but its text.
    case '07':
      taken((255 + number).toString(16).toUpperCase());
      return deliver(session, pdu, { esm_class: 0, short_message: receipt(255 + number, 'DELIVRD') });
    case '08':
      if (part === 2 && !throttled) {
        throttled = true;
        return refused(smpp.ESME_RTHROTTLED);
      }
      return taken(`m${number}`);
    case '09': return part === 2 ? refused(smpp.ESME_RSUBMITFAIL) : taken(`m${number}`);
    // A subscriber who writes back.
    case '10':
      taken(`m${number}`);
      return deliver(session, pdu, { short_message: 'STOP' });
    // The first part does not arrive, in words.
    case '11':
      taken(`m${number}`);
      return deliver(session, pdu, { esm_class: 4, short_message: receipt(`m${number}`, part === 1 ? 'UNDELIV' : 'DELIVRD') });
    case '12':
      taken(`m${number}`);
      return session.unbind();
    case '13':
      return session.send(new smpp.PDU('generic_nack', { sequence_number: pdu.sequence_number, command_status: smpp.ESME_RINVCMDLEN }));
    case '14': return taken('');
    case '15':
      taken(`m${number}`);
      return session.socket.write(Buffer.from('ffffffff000000050000000000000001', 'hex'));
    // Each part with a receipt of its own.
    case '16':
      taken(`m${number}`);
      return deliver(session, pdu, tlvs(`m${number}`, 2));
    // A subscriber who writes at length: the last part comes first.
    case '17':
      taken(`m${number}`);
      for (const part of [2, 1]) {
        const udh = Buffer.from([6, 8, 4, 1, 44, 2, part]);
        deliver(session, pdu, { esm_class: 0x40, short_message: { udh, message: ['I will ', 'pay'][part - 1] } });
      }
      return undefined;
    // The same from a centre that says it in fields of its own.
    case '18':
      taken(`m${number}`);
      for (const part of [1, 2]) {
        deliver(session, pdu, {
          sar_msg_ref_num: 300, sar_total_segments: 2, sar_segment_seqnum: part,
          short_message: ['I will ', 'pay'][part - 1],
        });
      }
      return undefined;
    default: return taken(`m${number}`);
  }
}

const options = certificate
  ? { cert: fs.readFileSync(certificate), key: fs.readFileSync(key) } : {};
const server = smpp.createServer(options, (session) => {
  session.on('error', () => {});
  session.on('bind_transceiver', (pdu) => {
    const ok = pdu.system_id === 'duebell' && pdu.password === 'secret' && pdu.interface_version === 0x34;
    session.send(pdu.response({ command_status: ok ? 0 : smpp.ESME_RINVPASWD }));
    if (!ok) session.close();
  });
  session.on('submit_sm', (pdu) => submit(session, pdu));
  // By the last digit of the id; 9 is not known.
  session.on('query_sm', (pdu) => {
    const state = { 1: 2, 2: 2, 3: 5, 4: 1, 5: 3 }[pdu.message_id.slice(-1)];
    keep(0, '.query', { id: pdu.message_id, from: pdu.source_addr });
    session.send(pdu.response(state === undefined ? { command_status: smpp.ESME_RQUERYFAIL }
      : { message_id: pdu.message_id, final_date: '', message_state: state, error_code: 0 }));
  });
  session.on('enquire_link', (pdu) => {
    session.send(pdu.response());
    keep(0, '.alive', {});
  });
  session.on('unbind', (pdu) => {
    session.send(pdu.response());
    session.close();
  });
});
server.on('error', () => {});
server.listen(0, '127.0.0.1', () => console.log(`port ${server.address().port}`));
process.stdin.on('end', () => process.exit(0));
process.stdin.resume();
