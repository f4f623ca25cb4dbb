// Quicker with the keyboard: / searches, j and k go down and up a list, Enter
// opens, ? says so. Nothing of the console needs it.
'use strict';
(() => {
  const typing = (at) => at.matches('input, textarea, select, [contenteditable]');
  const rows = () => [...document.querySelectorAll('table.list tbody a[data-row]')];
  const step = (by) => {
    const all = rows();
    const at = all.indexOf(document.activeElement);
    const next = at < 0 ? (by > 0 ? 0 : all.length - 1) : at + by;
    if (all[next]) { all[next].focus(); }
  };
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) { return; }
    const keyed = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (event.key === 'j') { step(1); } else if (event.key === 'k') { step(-1); } else if (keyed) {
      if (keyed.matches('a, button')) { keyed.click(); } else { keyed.focus(); }
    } else { return; }
    event.preventDefault();
  });
  const all = document.querySelector('[data-all]');
  if (all) {
    all.addEventListener('change', () => {
      document.querySelectorAll(`input[name="${all.dataset.all}"]`).forEach((it) => { it.checked = all.checked; });
    });
  }
})();
