//! IP addresses as text, of both versions. What is no address gives null.
//! Must not import any room but `data`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::ArgType::{Int, String as Text};
use super::arguments::{boolean, int, int_at, some_text, string, text_at, value_or_null};
use super::{Function, example, scalar};
use crate::data::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    scalar(
        "addresses",
        "ip_is_valid(text) → Boolean",
        "Whether the text is an IP address.",
        &[Text],
        boolean,
        |a| value_or_null(|| Some(Value::Boolean(address(text_at(a, 0)?).is_some()))),
        &[example("ip_is_valid('10.0.0.1')", "true"), example("ip_is_valid('10.0.0.256')", "false")],
    ),
    scalar(
        "addresses",
        "ip_version(address) → Int",
        "4 or 6; an IPv4 address written as IPv6 counts as 4.",
        &[Text],
        int,
        |a| value_or_null(|| Some(Value::Int(if address(text_at(a, 0)?)?.is_ipv4() { 4 } else { 6 }))),
        &[
            example("ip_version('::1')", "6"),
            example("ip_version('::ffff:10.0.0.1')", "4"),
            example("ip_version('a')", "null"),
        ],
    ),
    scalar(
        "addresses",
        "ip_is_private(address) → Boolean",
        "Whether the address is private, of the machine itself, or of its link.",
        &[Text],
        boolean,
        |a| value_or_null(|| Some(Value::Boolean(is_private(address(text_at(a, 0)?)?)))),
        &[
            example("ip_is_private('192.168.1.7')", "true"),
            example("ip_is_private('8.8.8.8')", "false"),
            example("ip_is_private('fd00::1')", "true"),
        ],
    ),
    scalar(
        "addresses",
        "ip_subnet(address, bits) → String",
        "The network of that many leading bits that the address lies in.",
        &[Text, Int],
        string,
        |a| {
            value_or_null(|| {
                let (address, bits) = (address(text_at(a, 0)?)?, u32::try_from(int_at(a, 1)?).ok()?);
                some_text(format!("{}/{bits}", network(address, bits)?))
            })
        },
        &[
            example("ip_subnet('10.1.2.3', 24)", "'10.1.2.0/24'"),
            example("ip_subnet('2001:db8::1', 32)", "'2001:db8::/32'"),
            example("ip_subnet('10.1.2.3', 33)", "null"),
        ],
    ),
    scalar(
        "addresses",
        "ip_in(address, network) → Boolean",
        "Whether the address lies in a network such as '10.0.0.0/8'.",
        &[Text, Text],
        boolean,
        |a| {
            value_or_null(|| {
                let (base, bits) = subnet(text_at(a, 1)?)?;
                let address = address(text_at(a, 0)?)?;
                Some(Value::Boolean(
                    address.is_ipv4() == base.is_ipv4() && network(address, bits)? == network(base, bits)?,
                ))
            })
        },
        &[
            example("ip_in('10.1.2.3', '10.0.0.0/8')", "true"),
            example("ip_in('11.1.2.3', '10.0.0.0/8')", "false"),
            example("ip_in('::1', '10.0.0.0/8')", "false"),
        ],
    )
    .literal(&[1])
    .checked(check_network),
];

pub(super) fn address(text: &str) -> Option<IpAddr> {
    text.trim().parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

/// RFC 1918, 3927, 4193, 4291; 127.0.0.0/8 and ::1.
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_private() || v4.is_loopback() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

/// The address with all but the leading bits cleared.
pub(super) fn network(address: IpAddr, bits: u32) -> Option<IpAddr> {
    Some(match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32_u32.checked_sub(bits)?).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from(u32::from(v4) & mask))
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128_u32.checked_sub(bits)?).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from(u128::from(v6) & mask))
        }
    })
}

fn subnet(text: &str) -> Option<(IpAddr, u32)> {
    let (base, bits) = text.trim().split_once('/')?;
    let (base, bits) = (address(base)?, bits.parse().ok()?);
    network(base, bits).map(|_| (base, bits))
}

fn check_network(args: &[Option<&Value>]) -> Result<(), String> {
    match args.get(1).copied().flatten() {
        Some(Value::String(text)) if subnet(text).is_none() => {
            Err(format!("'{text}' is no network; it is written as an address, `/` and the number of leading bits"))
        }
        _ => Ok(()),
    }
}
