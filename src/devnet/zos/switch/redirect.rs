//! The one rule of a switch's packet filter: TCP that comes from a container, wherever it wants to
//! go, arrives at a port of the switch (the kernel's `linux/netfilter/nf_tables.h`).

use super::netlink::{APPEND, CREATE, Message, Netlink};

/// The filter's part of the kernel.
const NF_TABLES: u16 = 10;
const NEW_TABLE: u16 = NF_TABLES << 8;
const NEW_CHAIN: u16 = (NF_TABLES << 8) | 3;
const NEW_RULE: u16 = (NF_TABLES << 8) | 6;
const BATCH_BEGIN: u16 = 16;
const BATCH_END: u16 = 17;

const TABLE: &str = "kosmos";
const CHAIN: &str = "outwards";
/// IPv4 (`NFPROTO_IPV4`).
const IPV4: u8 = 2;
/// Before packets are routed (`NF_INET_PRE_ROUTING`), at the priority of address translation.
const PRE_ROUTING: u32 = 0;
const PRIORITY: i32 = -100;

const EXPRESSION: u16 = 1;
const NAME: u16 = 1;
const DATA: u16 = 2;
const VALUE: u16 = 1;
/// A register of the rule (`NFT_REG_1`).
const REGISTER: u32 = 1;
/// Keys of `meta`: the link a packet came in by; its protocol.
const INCOMING: u32 = 4;
const PROTOCOL: u32 = 16;
const EQUAL: u32 = 0;
const OTHER: u32 = 1;
/// The loopback link is the first of every network.
const LOOPBACK: u32 = 1;
const TCP: u8 = 6;

/// Leads TCP of containers to a port.
pub fn install(port: u16) -> nix::Result<()> {
    let fixed = [IPV4, 0, 0, 0];
    let table = Message::new(NEW_TABLE, CREATE, &fixed).text(1, TABLE);
    let chain = Message::new(NEW_CHAIN, CREATE, &fixed)
        .text(1, TABLE)
        .text(3, CHAIN)
        .nest(4, &[], |m| {
            m.big(1, PRE_ROUTING).with(2, &PRIORITY.to_be_bytes())
        })
        .text(7, "nat");
    let rule = Message::new(NEW_RULE, CREATE | APPEND, &fixed)
        .text(1, TABLE)
        .text(2, CHAIN)
        .nest(4, &[], |m| {
            let m = meta(m, INCOMING);
            let m = compare(m, OTHER, &LOOPBACK.to_ne_bytes());
            let m = meta(m, PROTOCOL);
            let m = compare(m, EQUAL, &[TCP]);
            let m = expression(m, "immediate", |m| {
                m.big(1, REGISTER)
                    .nest(2, &[], |m| m.with(VALUE, &port.to_be_bytes()))
            });
            expression(m, "redir", |m| m.big(1, REGISTER))
        });
    let [high, low] = NF_TABLES.to_be_bytes();
    let batch = |kind| Message::new(kind, 0, &[0, 0, high, low]);
    let all = vec![table, chain, rule];
    Netlink::filter()?.ask_together(batch(BATCH_BEGIN), all, batch(BATCH_END))
}

fn expression(m: Message, name: &str, data: impl FnOnce(Message) -> Message) -> Message {
    m.nest(EXPRESSION, &[], |m| {
        m.text(NAME, name).nest(DATA, &[], data)
    })
}

/// Takes a fact about the packet into the register.
fn meta(m: Message, key: u32) -> Message {
    expression(m, "meta", |m| m.big(1, REGISTER).big(2, key))
}

/// Goes on only if the register compares so with a value.
fn compare(m: Message, how: u32, value: &[u8]) -> Message {
    expression(m, "cmp", |m| {
        m.big(1, REGISTER)
            .big(2, how)
            .nest(3, &[], |m| m.with(VALUE, value))
    })
}
