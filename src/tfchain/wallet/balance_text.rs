//! The printed form of a balance (spec: tfchain client §5.1).
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::balance::Balance;
use super::lock::format_time;

/// Returns the balance as text, without a newline at the end; times in `zone`.
pub fn balance_text(balance: &Balance, zone: &TimeZone) -> String {
    let mut lines = vec![first_line(balance, zone)];
    multisig_lines(balance, &mut lines);
    sum_lines(balance, &mut lines);
    for wallet in balance.wallets.values().filter(|wallet| wallet.is_active()) {
        lines.push(String::new());
        multisig_lines(wallet, &mut lines);
        sum_lines(wallet, &mut lines);
    }
    lines.join("\n")
}

fn first_line(balance: &Balance, zone: &TimeZone) -> String {
    let chain = balance.chain;
    let time = i64::try_from(chain.time)
        .ok()
        .and_then(|time| Timestamp::from_second(time).ok());
    match time {
        Some(time) if chain.is_known() => {
            format!(
                "wallet balance on height {} at {}",
                chain.height,
                format_time(time, zone)
            )
        }
        _ => "wallet balance at an unknown time".to_owned(),
    }
}

fn multisig_lines(balance: &Balance, lines: &mut Vec<String>) {
    let Some(owners) = &balance.multisig else {
        return;
    };
    let list = &owners.condition.unlock_hashes;
    lines.push(format!(
        "MultiSignature ({}-of-{}) Wallet {}:",
        owners.condition.minimum_signature_count,
        list.len(),
        owners.address
    ));
    let names: Vec<String> = list.iter().map(ToString::to_string).collect();
    lines.push(format!("Owners: {}", names.join(", ")));
}

fn sum_lines(balance: &Balance, lines: &mut Vec<String>) {
    lines.push(format!(
        "{} available and {} locked",
        balance.available().with_unit(),
        balance.locked().with_unit()
    ));
    let (unconfirmed, locked) = (balance.unconfirmed(), balance.unconfirmed_locked());
    if !unconfirmed.is_zero() || !locked.is_zero() {
        lines.push(format!(
            "Unconfirmed: {} available {} locked",
            unconfirmed.with_unit(),
            locked.with_unit()
        ));
    }
    let spent = balance.unconfirmed_spent();
    if !spent.is_zero() {
        lines.push(format!(
            "Unconfirmed Balance Deduction: -{}",
            spent.with_unit()
        ));
    }
}
