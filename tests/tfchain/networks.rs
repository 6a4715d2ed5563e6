//! Facts of the networks.

use kosmos::tfchain::network::{
    DEVNET_GENESIS_ADDRESS, DEVNET_GENESIS_INDEX, DEVNET_GENESIS_PHRASE,
};
use kosmos::tfchain::rules::check_condition;
use kosmos::tfchain::{Condition, Network, Seed};

#[test]
fn names() {
    for network in Network::ALL {
        assert_eq!(network.name().parse(), Ok(network));
        assert_eq!(
            Network::from_chain_name(network.chain_name()),
            Some(network)
        );
        assert!(!network.explorers().is_empty());
    }
    assert_eq!("dev".parse(), Ok(Network::Devnet));
    let error = "main".parse::<Network>().expect_err("unknown").to_string();
    assert_eq!(
        error,
        "`main` is no network, one of STD, TEST, DEV is expected"
    );
}

#[test]
fn addresses_of_the_tables_are_addresses() {
    for network in Network::ALL {
        assert!(!network.pool_address().is_nil(), "{network}");
        let condition = network.genesis_mint_condition();
        assert_eq!(check_condition(&condition), Ok(()), "{network}");
        assert!(condition.owners().iter().all(|owner| !owner.is_nil()));
    }
    let fees = Network::Standard.fee_address().expect("fixed");
    assert!(fees.to_string().starts_with("017267221ef1947b"));
    assert_eq!(Network::Devnet.fee_address(), None);
    assert_eq!(Network::Testnet.genesis_mint_condition().owners().len(), 3);
}

#[test]
fn the_devnet_genesis_address_is_key_25_of_its_phrase() {
    let seed = Seed::from_phrase(DEVNET_GENESIS_PHRASE).expect("phrase");
    let address = seed.address(DEVNET_GENESIS_INDEX);
    assert_eq!(address.to_string(), DEVNET_GENESIS_ADDRESS);
    assert_eq!(
        Network::Devnet.genesis_mint_condition(),
        Condition::UnlockHash(address)
    );
}

#[test]
fn versions_of_the_networks() {
    let supported = |network: Network| -> Vec<u8> {
        (0..=255)
            .filter(|version| network.supports(*version))
            .collect()
    };
    assert_eq!(supported(Network::Standard), [0, 1, 128, 129]);
    assert_eq!(
        supported(Network::Testnet),
        [0, 1, 128, 129, 144, 145, 146, 208, 209, 210]
    );
    assert_eq!(
        supported(Network::Devnet),
        [1, 128, 129, 144, 145, 146, 208, 209, 210]
    );
    assert_eq!(
        Network::Devnet.constants().max_adjustment_up.to_string(),
        "6/5"
    );
}
