//! Which addresses are somebody's on the public internet. One table, after the IANA special-purpose registries for
//! IPv4 and IPv6 (RFC 6890 and its successors), with the addresses at which clouds tell their machines secrets.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A range of addresses; IPv4 in its mapped form (`::ffff:0:0/96`).
struct Range {
    first: u128,
    bits: u32,
}

const fn v4(first: [u8; 4], bits: u32) -> Range {
    let [a, b, c, d] = first;
    Range { first: Ipv4Addr::new(a, b, c, d).to_ipv6_mapped().to_bits(), bits: 96 + bits }
}

const fn v6(first: [u16; 4], bits: u32) -> Range {
    let [a, b, c, d] = first;
    Range { first: Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).to_bits(), bits }
}

impl Range {
    const fn has(&self, address: u128) -> bool {
        (address ^ self.first) >> (128 - self.bits) == 0
    }
}

/// What is not public.
const NOT_PUBLIC: [Range; 31] = [
    v4([0, 0, 0, 0], 8),               // this network
    v4([10, 0, 0, 0], 8),              // private
    v4([100, 64, 0, 0], 10),           // shared by a provider's customers; 100.100.100.200 is a cloud's metadata
    v4([127, 0, 0, 0], 8),             // loopback
    v4([168, 63, 129, 16], 32),        // a cloud's own server within each of its machines' networks
    v4([169, 254, 0, 0], 16),          // link-local; 169.254.169.254 is most clouds' metadata
    v4([172, 16, 0, 0], 12),           // private
    v4([192, 0, 0, 0], 24),            // protocol assignments; 192.0.0.192 is a cloud's metadata
    v4([192, 0, 2, 0], 24),            // documentation
    v4([192, 31, 196, 0], 24),         // AS112
    v4([192, 52, 193, 0], 24),         // automatic multicast tunnels
    v4([192, 88, 99, 0], 24),          // 6to4 relays
    v4([192, 168, 0, 0], 16),          // private
    v4([192, 175, 48, 0], 24),         // AS112
    v4([198, 18, 0, 0], 15),           // benchmarks
    v4([198, 51, 100, 0], 24),         // documentation
    v4([203, 0, 113, 0], 24),          // documentation
    v4([224, 0, 0, 0], 4),             // multicast
    v4([240, 0, 0, 0], 4),             // reserved, broadcast
    v6([0x2001, 0, 0, 0], 23),         // protocol assignments: Teredo, ORCHID, benchmarks
    v6([0x2001, 0xdb8, 0, 0], 32),     // documentation
    v6([0x2002, 0, 0, 0], 16),         // 6to4, which leads to whatever IPv4 address is in it
    v6([0x2620, 0x4f, 0x8000, 0], 48), // AS112
    v6([0x3fff, 0, 0, 0], 20),         // documentation
    v6([0x5f00, 0, 0, 0], 16),         // segment routing
    v6([0x64, 0xff9b, 1, 0], 48),      // a network's own translation to IPv4
    v6([0x100, 0, 0, 0], 64),          // discarded
    v6([0xfc00, 0, 0, 0], 7),          // unique local; fd00:ec2::254 is a cloud's metadata
    v6([0xfe80, 0, 0, 0], 10),         // link-local
    v6([0xfec0, 0, 0, 0], 10),         // site-local
    v6([0xff00, 0, 0, 0], 8),          // multicast
];

/// IPv4 addresses as IPv6 ones.
const MAPPED: Range = v4([0, 0, 0, 0], 0);
/// IPv4 addresses behind the translation that networks without IPv4 have (RFC 6052): a name's only answers there.
const TRANSLATED: Range = v6([0x64, 0xff9b, 0, 0], 96);
/// Of all IPv6 addresses, those that are given to somebody.
const GIVEN: Range = v6([0x2000, 0, 0, 0], 3);

/// Whether an address is somebody's on the public internet. A form of IPv6 that leads to an IPv4 address is
/// judged by that one, or not public at all.
pub fn is_public(address: IpAddr) -> bool {
    let address = canonical(address);
    let assigned = MAPPED.has(address) || GIVEN.has(address) && !is_tunnelled(address);
    assigned && !NOT_PUBLIC.iter().any(|range| range.has(address))
}

/// Whether an address is this machine's own, in whatever form.
pub(super) fn is_loopback(address: IpAddr) -> bool {
    const LOOPBACK_V4: Range = v4([127, 0, 0, 0], 8);
    let address = canonical(address);
    LOOPBACK_V4.has(address) || address == Ipv6Addr::LOCALHOST.to_bits()
}

/// An address as a number, IPv4 in its mapped form.
fn canonical(address: IpAddr) -> u128 {
    let address = match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    };
    if TRANSLATED.has(address) { MAPPED.first | (address & u128::from(u32::MAX)) } else { address }
}

/// Whether an address tells its host to go on to the IPv4 address in it (ISATAP, RFC 5214).
fn is_tunnelled(address: u128) -> bool {
    matches!((address >> 32) as u32, 0x0000_5efe | 0x0200_5efe)
}
