//! Proof targets and difficulties: how the reference node moves them from block to block.
//!
//! The devnet proves no stake, but targets are part of every block's facts, so they are computed
//! exactly: a target is a 256-bit number, difficulty = (2^256 - 1) / target, both rounded down.

use num_bigint::BigUint;

use crate::tfchain::network::{Network, NetworkConstants, Ratio};

/// A target as the API shows it: 32 bytes, big endian.
pub type Target = [u8; 32];

/// Start difficulty: block frequency times block stakes.
pub const ROOT_DIFFICULTY: u64 = 36_000;
/// Depth of the root: the highest number of 256 bits.
pub const ROOT_DEPTH: Target = [255; 32];

const CONSTANTS: &NetworkConstants = Network::Devnet.constants();

/// Returns the target of the genesis block.
pub fn root_target() -> Target {
    to_target(&(BigUint::from_bytes_be(&ROOT_DEPTH) / BigUint::from(ROOT_DIFFICULTY)))
}

/// Returns (2^256 - 1) / target as decimal text; "0" for the zero target.
pub fn difficulty(target: &Target) -> String {
    let target = BigUint::from_bytes_be(target);
    if target == BigUint::ZERO {
        return "0".into();
    }
    (BigUint::from_bytes_be(&ROOT_DEPTH) / target).to_string()
}

/// Returns the target that the child of the block at `height` must meet.
///
/// `target` is what that block itself had to meet; `passed` the seconds between it and the block
/// `window` (at most the target window) heights below it. It changes only every half window.
pub fn child_target(target: &Target, height: u64, passed: i64, window: u64) -> Target {
    if height == 0 || window == 0 || !height.is_multiple_of(CONSTANTS.target_window / 2) {
        return *target;
    }
    let expected = CONSTANTS.block_frequency.saturating_mul(window);
    let passed = u64::try_from(passed).unwrap_or(0);
    let (num, den) = clamp(passed, expected);
    to_target(&(BigUint::from_bytes_be(target) * BigUint::from(num) / BigUint::from(den)))
}

fn clamp(passed: u64, expected: u64) -> (u64, u64) {
    let above = |limit: Ratio| {
        u128::from(passed) * u128::from(limit.denominator)
            > u128::from(expected) * u128::from(limit.numerator)
    };
    let limit = if above(CONSTANTS.max_adjustment_up) {
        CONSTANTS.max_adjustment_up
    } else if !above(CONSTANTS.max_adjustment_down) {
        CONSTANTS.max_adjustment_down
    } else {
        return (passed, expected);
    };
    (limit.numerator, limit.denominator)
}

fn to_target(value: &BigUint) -> Target {
    let bytes = value.to_bytes_be();
    let mut target = [255; 32];
    if let Some(pad) = target.len().checked_sub(bytes.len()) {
        for (i, slot) in target.iter_mut().enumerate() {
            *slot = i
                .checked_sub(pad)
                .and_then(|k| bytes.get(k))
                .copied()
                .unwrap_or(0);
        }
    }
    target
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_target_has_the_start_difficulty() {
        let root = root_target();
        assert_eq!(root[..6], [0, 1, 210, 8, 165, 169]);
        assert_eq!(difficulty(&root), "36000");
        assert_eq!(difficulty(&[0; 32]), "0");
    }

    #[test]
    fn adjustment_is_clamped_and_every_half_window() {
        let root = root_target();
        assert_eq!(child_target(&root, 9, 1_000_000, 9), root);
        assert_eq!(difficulty(&child_target(&root, 10, 1_000_000, 10)), "30000");
        assert_eq!(difficulty(&child_target(&root, 10, -5, 10)), "43200");
        assert_eq!(difficulty(&child_target(&root, 10, 120, 10)), "36000");
    }
}
