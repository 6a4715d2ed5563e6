//! What things cost, in units; the minimum miner fee stands in [`super::network`].

use super::amount::Amount;
use super::constants::ONE_COIN;

/// Registration of a 3bot: 90 TFT.
pub const BOT_REGISTRATION: Amount = Amount::from_units(90 * ONE_COIN);
/// One month of a 3bot: 10 TFT.
pub const BOT_MONTH: Amount = Amount::from_units(10 * ONE_COIN);
/// Each name beyond the first at registration, each added or transferred name: 50 TFT.
pub const BOT_NAME: Amount = Amount::from_units(50 * ONE_COIN);
/// Any change of the addresses by an update: 20 TFT, once.
pub const BOT_ADDRESS_CHANGE: Amount = Amount::from_units(20 * ONE_COIN);
/// Registration of an ERC20 withdrawal address: exactly 10 TFT.
pub const ERC20_REGISTRATION: Amount = Amount::from_units(10 * ONE_COIN);
/// The least that can be converted to ERC20: 1000 TFT.
pub const ERC20_CONVERT_MINIMUM: Amount = Amount::from_units(1000 * ONE_COIN);

/// Returns the price of `months` of a 3bot: 30 % less from 12 months on, 50 % less for 24.
///
/// The node reckons the discount in floating point and cuts, so 18 and 19 months cost one unit
/// less than the exact product; the exact price would leave a transaction unbalanced.
pub fn bot_months(months: u8) -> Amount {
    let whole = u128::from(months) * 10 * ONE_COIN;
    Amount::from_units(match months {
        0..=11 => whole,
        18 | 19 => whole / 10 * 7 - 1,
        12..=23 => whole / 10 * 7,
        24.. => whole / 2,
    })
}

/// Returns the fee of a registration, miner fee not included.
pub fn bot_registration(months: u8, names: usize) -> Amount {
    BOT_REGISTRATION + bot_months(months) + bot_names(names.saturating_sub(1))
}

/// Returns the fee of a record update, miner fee not included.
pub fn bot_update(months: u8, addresses_changed: bool, names_added: usize) -> Amount {
    let addresses = if addresses_changed {
        BOT_ADDRESS_CHANGE
    } else {
        Amount::ZERO
    };
    bot_months(months) + addresses + bot_names(names_added)
}

/// Returns the fee of a name transfer, miner fee not included.
pub fn bot_name_transfer(names: usize) -> Amount {
    bot_names(names)
}

fn bot_names(names: usize) -> Amount {
    BOT_NAME.times(u64::try_from(names).unwrap_or(u64::MAX))
}
