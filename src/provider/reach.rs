//! Which addresses a request of ours may go to.
//!
//! A URL may lead to a place that its writer had no business to name: the
//! machine itself, its neighbours, the service that hands out a cloud's keys.
//! What counts is the address that is connected to, not the name that stood
//! in the URL: a name is looked up once, its answers are judged, and one of
//! those is connected to. So a name that changes its mind in between (DNS
//! rebinding) gains nothing.
//!
//! The ranges are those of the IANA special-purpose registries for IPv4 and
//! IPv6; what is not known to be public is not.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// What an address is, from harmless to never to be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Anybody's, anywhere.
    Public,
    /// This machine, a private network, or nobody's.
    Private,
    /// A link, a group, or where clouds hand out keys: no gateway is there.
    Never,
}

/// Looks up a name.
pub type LookUpName =
    Arc<dyn Fn(String, u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> + Send + Sync>;

/// Where clouds tell a machine its secrets, beside the links.
const METADATA_V4: [Ipv4Addr; 3] = [
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(168, 63, 129, 16),
    Ipv4Addr::new(192, 0, 0, 192),
];
const METADATA_V6: [Ipv6Addr; 2] = [
    Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254),
    Ipv6Addr::new(0xfd20, 0x00ce, 0, 0, 0, 0, 0, 0x0254),
];

/// What is at this address.
pub fn place(address: IpAddr) -> Place {
    match address {
        IpAddr::V4(address) => place_v4(address),
        IpAddr::V6(address) => place_v6(address),
    }
}

fn place_v4(address: Ipv4Addr) -> Place {
    let [a, b, c, d] = address.octets();
    if METADATA_V4.contains(&address) {
        return Place::Never;
    }
    match (a, b, c) {
        // "This network", links, groups, everybody on the link.
        (0, ..) | (169, 254, _) | (224..=239, ..) => Place::Never,
        (255, 255, 255) if d == 255 => Place::Never,
        (10 | 127, ..) | (172, 16..=31, _) | (192, 168, _) => Place::Private,
        // Shared by carriers and their customers.
        (100, 64..=127, _) => Place::Private,
        // Protocol assignments, documentation, 6to4 relays, measurements.
        (192, 0, 0 | 2) | (198, 51, 100) | (203, 0, 113) => Place::Private,
        (192, 88, 99) | (198, 18 | 19, _) => Place::Private,
        // Reserved.
        (240..=255, ..) => Place::Private,
        _ => Place::Public,
    }
}

fn place_v6(address: Ipv6Addr) -> Place {
    if METADATA_V6.contains(&address) || address.is_unspecified() {
        return Place::Never;
    }
    let inner = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        place_v4(Ipv4Addr::new(a, b, c, d))
    };
    match address.segments() {
        // An IPv4 address in other clothes: what is within is connected to.
        [0, 0, 0, 0, 0, 0xffff, high, low] => inner(high, low),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => inner(high, low),
        // Relays that nobody should need, and what was before them.
        [0x2002, high, low, ..] => inner(high, low).max(Place::Private),
        [0, 0, 0, 0, 0, 0, high, low] if high > 0 => inner(high, low).max(Place::Private),
        // Links and groups.
        [0xfe80..=0xfebf, ..] | [0xff00..=0xffff, ..] => Place::Never,
        // Protocol assignments (Teredo, ORCHID), documentation.
        [0x2001, 0..=0x01ff, ..] | [0x2001, 0x0db8, ..] | [0x3fff, 0..=0x0fff, ..] => {
            Place::Private
        }
        // Global unicast; all else is local, reserved or thrown away.
        [0x2000..=0x3fff, ..] => Place::Public,
        _ => Place::Private,
    }
}

/// The address that a URL names outright, if its host is no name.
pub fn literal(url: &Url) -> Option<IpAddr> {
    let host = url.host_str()?;
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// Looks names up as this machine does.
pub fn system() -> LookUpName {
    Arc::new(|host, port| {
        Box::pin(async move { Ok(tokio::net::lookup_host((host.as_str(), port)).await?.collect()) })
    })
}

/// Names for `reqwest`: no address beyond `as_far_as` is given out.
pub struct Names {
    pub look_up: LookUpName,
    pub as_far_as: Place,
}

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        let as_far_as = self.as_far_as;
        // The port is the caller's to set.
        let found = (self.look_up)(name.as_str().to_owned(), 0);
        Box::pin(async move {
            let mut addresses = found.await?;
            addresses.retain(|address| place(address.ip()) <= as_far_as);
            if addresses.is_empty() {
                return Err("none of its addresses may be asked".into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(expected: Place, addresses: &str) {
        for address in addresses.split_whitespace() {
            assert_eq!(place(address.parse().unwrap()), expected, "{address}");
        }
    }

    /// The first and the last address of each range, and their neighbours.
    #[test]
    fn every_special_range_of_ipv4_is_known() {
        check(
            Place::Never,
            "0.0.0.0 0.255.255.255 169.254.0.0 169.254.169.254 169.254.255.255
             224.0.0.0 239.255.255.255 255.255.255.255
             100.100.100.200 168.63.129.16 192.0.0.192",
        );
        check(
            Place::Private,
            "10.0.0.0 10.255.255.255 100.64.0.0 100.127.255.255 127.0.0.1 127.255.255.255
             172.16.0.0 172.31.255.255 192.0.0.0 192.0.0.8 192.0.0.9 192.0.0.170 192.0.0.255
             192.0.2.0 192.0.2.255 192.88.99.0 192.88.99.255 192.168.0.0 192.168.255.255
             198.18.0.0 198.19.255.255 198.51.100.0 198.51.100.255 203.0.113.0 203.0.113.255
             240.0.0.0 255.255.255.254",
        );
        check(
            Place::Public,
            "1.0.0.0 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255
             128.0.0.0 169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 191.255.255.255
             192.0.1.0 192.0.3.0 192.88.98.255 192.88.100.0 192.167.255.255 192.169.0.0
             198.17.255.255 198.20.0.0 198.51.99.255 198.51.101.0 203.0.112.255 203.0.114.0
             223.255.255.255",
        );
        // Anycast services, which the registry calls globally reachable.
        check(Place::Public, "192.31.196.1 192.52.193.1 192.175.48.1");
    }

    #[test]
    fn every_special_range_of_ipv6_is_known() {
        check(
            Place::Never,
            ":: fe80:: fe80::1 febf:ffff::1 ff00:: ff02::1 ffff::1 fd00:ec2::254 fd20:ce::254",
        );
        check(
            Place::Private,
            "::1 ::2 64:ff9b:1:: 64:ff9b:1:ffff::1 100:: 100::ffff 100:0:0:1::1
             2001:: 2001::1 2001:1::1 2001:2::1 2001:3::1 2001:4:112::1 2001:10::1 2001:20::1
             2001:30::1 2001:1ff:ffff::1 2001:db8:: 2001:db8:ffff::1 3fff::1 3fff:fff::1
             5f00::1 fc00:: fd12:3456::1 fdff::1 fec0::1 4000::1 1fff::1 e000::1",
        );
        check(
            Place::Public,
            "2000::1 2001:200::1 2001:4860:4860::8888 2001:db7:ffff::1 2001:db9::1 2003::1
             2620:4f:8000::1 2a00:1450::1 3fff:1000::1",
        );
    }

    #[test]
    fn an_ipv4_address_in_other_clothes_is_what_it_is() {
        for (inner, expected, relayed) in [
            ("10.0.0.5", Place::Private, Place::Private),
            ("127.0.0.1", Place::Private, Place::Private),
            ("169.254.169.254", Place::Never, Place::Never),
            ("100.100.100.200", Place::Never, Place::Never),
            ("9.9.9.9", Place::Public, Place::Private),
        ] {
            let address: Ipv4Addr = inner.parse().unwrap();
            let [a, b, c, d] = address.octets();
            let (high, low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
            check(expected, &format!("::ffff:{inner} 64:ff9b::{inner}"));
            check(relayed, &format!("2002:{high:x}:{low:x}::1 ::{inner}"));
        }
    }

    #[test]
    fn odd_spellings_of_an_address_are_that_address() {
        for odd in ["http://2130706433", "http://0x7f.1", "http://017700000001", "http://127.1"] {
            assert_eq!(literal(&odd.parse().unwrap()), Some(Ipv4Addr::LOCALHOST.into()), "{odd}");
        }
        let mapped = "http://[::ffff:169.254.169.254]/".parse().unwrap();
        assert_eq!(literal(&mapped).map(place), Some(Place::Never));
        assert_eq!(literal(&"http://example.org".parse().unwrap()), None);
    }

    #[tokio::test]
    async fn of_a_names_addresses_only_the_public_ones_are_given_out() {
        let with = |addresses: &'static [&'static str]| {
            let found: Vec<SocketAddr> = addresses.iter().map(|it| it.parse().unwrap()).collect();
            let look_up: LookUpName = Arc::new(move |_, _| {
                let found = found.clone();
                Box::pin(async move { Ok(found) })
            });
            Names { look_up, as_far_as: Place::Public }
        };
        let ask = async |names: Names| {
            let found = names.resolve("sns.example.org".parse().unwrap()).await.ok()?;
            Some(found.map(|address| address.ip().to_string()).collect::<Vec<_>>())
        };
        let mixed = with(&["10.0.0.5:0", "9.9.9.9:0", "[::1]:0"]);
        assert_eq!(ask(mixed).await, Some(vec!["9.9.9.9".to_owned()]));
        assert_eq!(ask(with(&["127.0.0.1:0", "169.254.169.254:0"])).await, None);
    }
}
