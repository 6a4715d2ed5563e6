//! The chain on which verdicts are given: outputs of all kinds, 3bots, a mint condition of three.
use kosmos::tfchain::network::{DEVNET_GENESIS_INDEX, DEVNET_GENESIS_PHRASE};
use kosmos::tfchain::transaction::{
    BotNameTransfer, BotRecordUpdate, BotRegistration, CoinCreation, Erc20AddressRegistration,
    Erc20CoinCreation, Erc20Convert, MinterDefinition, Nonce, StandardTransaction,
};
use kosmos::tfchain::{
    Amount, Condition, Hash, Input, KeyPair, Output, Seed, SignTarget, SwapContract, SwapSecret,
    Transaction,
};

/// The output that holds all coins at the beginning.
const GENESIS_COIN: &str = "a3c8f44d64c0636018a929d2caeec09fb9698bfdcbfa3a8225585a51e09ee563";
/// Plain coins of [`PLAIN`] TFT each for key 1, in three transactions.
const PLAIN_COUNT: usize = 150;
/// Value of a plain coin, in TFT: enough for a conversion to ERC20.
pub const PLAIN: u64 = 2_000;
/// Value of every other coin, in TFT.
const SPECIAL: u64 = 100;

pub const PAST: u64 = 1_600_000_000;
pub const FUTURE: u64 = 4_000_000_000;

/// A coin that can be spent.
#[derive(Clone)]
pub struct Coin {
    pub id: Hash,
    pub value: Amount,
    pub condition: Condition,
}

/// Who can sign: the number of a key is every byte of its seed.
pub fn key(n: u8) -> KeyPair {
    KeyPair::from_secret_seed(&[n; 32])
}

pub fn genesis() -> KeyPair {
    Seed::from_phrase(DEVNET_GENESIS_PHRASE)
        .unwrap()
        .key_pair(DEVNET_GENESIS_INDEX)
}

pub fn own(n: u8) -> Condition {
    Condition::UnlockHash(key(n).unlock_hash())
}

pub fn owners(numbers: &[u8], count: u64) -> Condition {
    let hashes = numbers.iter().map(|n| key(*n).unlock_hash()).collect();
    Condition::multi_signature(hashes, count)
}

pub fn secret() -> SwapSecret {
    SwapSecret::from_bytes([77; 32])
}

pub fn swap(time_lock: u64) -> Condition {
    Condition::AtomicSwap(SwapContract {
        sender: key(1).unlock_hash(),
        receiver: key(2).unlock_hash(),
        hashed_secret: secret().hashed(),
        time_lock,
    })
}

/// Name, condition and number of the coins that are not plain.
fn special() -> Vec<(&'static str, Condition, usize)> {
    vec![
        ("nil", Condition::Nil, 4),
        ("height passed", own(1).locked_until(1), 3),
        ("height to come", own(1).locked_until(400_000_000), 2),
        ("time passed", own(1).locked_until(PAST), 3),
        ("time to come", own(1).locked_until(FUTURE), 2),
        ("nil, time passed", Condition::Nil.locked_until(PAST), 2),
        (
            "owners, time passed",
            owners(&[1, 2, 3], 2).locked_until(PAST),
            2,
        ),
        ("two of three", owners(&[1, 2, 3], 2), 8),
        ("one of two", owners(&[1, 2], 1), 3),
        ("swap", swap(FUTURE), 6),
        ("swap, time passed", swap(PAST), 4),
    ]
}

pub fn bot_key(number: u8) -> KeyPair {
    key(10 + number)
}

/// The chain's transactions: one list a block, in order.
pub struct Setup {
    pub blocks: Vec<Vec<Transaction>>,
    pub plain: Vec<Coin>,
    special: Vec<(&'static str, Coin)>,
}

impl Setup {
    pub fn new() -> Setup {
        let mut setup = Setup {
            blocks: Vec::new(),
            plain: Vec::new(),
            special: Vec::new(),
        };
        setup.fund();
        setup.first_of_each_version();
        setup.second_of_each_version();
        setup
    }

    /// Coins of a name, in order.
    pub fn special(&self, name: &str) -> Vec<Coin> {
        let mine = self.special.iter().filter(|(of, _)| *of == name);
        mine.map(|(_, coin)| coin.clone()).collect()
    }

    fn fund(&mut self) {
        let mut outputs: Vec<(Option<&'static str>, Output)> = Vec::new();
        for _ in 0..PLAIN_COUNT {
            outputs.push((None, Output::new(Amount::from_tft(PLAIN), own(1))));
        }
        for (name, condition, count) in special() {
            for _ in 0..count {
                let output = Output::new(Amount::from_tft(SPECIAL), condition.clone());
                outputs.push((Some(name), output));
            }
        }
        let total = Amount::from_tft(100_000_000);
        let mut coin = Coin {
            id: GENESIS_COIN.parse().unwrap(),
            value: total,
            condition: Condition::UnlockHash(genesis().unlock_hash()),
        };
        let mut transactions = Vec::new();
        for part in outputs.chunks(60) {
            let mut list: Vec<Output> = part.iter().map(|(_, output)| output.clone()).collect();
            let spent = list
                .iter()
                .fold(Amount::ONE_TFT, |sum, output| sum + output.value.clone());
            let change = coin.value.minus(&spent).unwrap();
            list.push(Output::new(change.clone(), coin.condition.clone()));
            let transaction = standard(std::slice::from_ref(&coin), list, 1, &[&genesis()]);
            for (index, (name, output)) in part.iter().enumerate() {
                let coin = Coin {
                    id: transaction.coin_output_id(index).unwrap(),
                    value: output.value.clone(),
                    condition: output.condition.clone(),
                };
                match name {
                    None => self.plain.push(coin),
                    Some(name) => self.special.push((name, coin)),
                }
            }
            coin.id = transaction.coin_output_id(part.len()).unwrap();
            coin.value = change;
            transactions.push(transaction);
        }
        self.blocks.push(transactions);
    }

    fn coin(&mut self) -> Coin {
        self.plain.remove(0)
    }

    fn first_of_each_version(&mut self) {
        let mut list = Vec::new();
        for (number, names, addresses) in [
            (
                1,
                &["alpha.robot", "alpha.other"][..],
                &["alpha.example.org"][..],
            ),
            (2, &["bravo.robot"], &[]),
            (3, &["first", "second", "third", "fourth", "fifth"], &[]),
        ] {
            let bot = BotRegistration {
                names: names.iter().map(|name| name.parse().unwrap()).collect(),
                addresses: addresses.iter().map(|a| a.parse().unwrap()).collect(),
                months: 2,
                ..BotRegistration::default()
            };
            list.push(register(&self.coin(), bot, &bot_key(number)));
        }
        let coin = self.coin();
        list.push(withdraw_address(&coin, &key(4), 10));
        let coin = self.coin();
        let output = Output::new(coin.value.minus(&Amount::ONE_TFT).unwrap(), own(5));
        list.push(standard(&[coin], vec![output], 1, &[&key(1)]));
        list.push(mint_condition(
            [1; 8],
            owners(&[1, 2, 3], 2),
            None,
            &[&genesis()],
        ));
        self.blocks.push(list);
    }

    fn second_of_each_version(&mut self) {
        let mut update = BotRecordUpdate {
            id: "1".parse().unwrap(),
            months: 1,
            ..BotRecordUpdate::default()
        };
        update.names.add = vec!["alpha.third".parse().unwrap()];
        let list = vec![
            change(&self.coin(), update, &bot_key(1)),
            give_names(
                &self.coin(),
                (1, 2),
                &["alpha.other"],
                &bot_key(1),
                &bot_key(2),
            ),
            mint([2; 8], own(1), 500, &[&key(1), &key(2)]),
            convert(&self.coin(), 1_000),
            bridge(&key(4), [3; 32]),
        ];
        self.blocks.push(list);
    }
}

/// Signs coin inputs and block stake inputs, each with every key that has a part in it.
pub fn sign(transaction: &mut Transaction, spent: &[Coin], keys: &[&KeyPair]) {
    let hasher = transaction.signature_hasher().unwrap();
    for (index, coin) in spent.iter().enumerate() {
        for key in keys {
            let target = SignTarget::CoinInput(index);
            let _ = transaction.sign(&hasher, target, &coin.condition, key, None);
        }
    }
}

pub fn inputs(coins: &[Coin]) -> Vec<Input> {
    coins.iter().map(|coin| Input::unsigned(coin.id)).collect()
}

/// A transaction of version 1; the fee is in TFT.
pub fn standard(spent: &[Coin], outputs: Vec<Output>, fee: u64, keys: &[&KeyPair]) -> Transaction {
    let mut transaction = Transaction::from(StandardTransaction {
        coin_inputs: inputs(spent),
        coin_outputs: outputs,
        miner_fees: vec![Amount::from_tft(fee)],
        ..StandardTransaction::default()
    });
    sign(&mut transaction, spent, keys);
    transaction
}

/// What is left of a coin, as an output.
pub fn rest(coin: &Coin, cost: &Amount) -> Option<Output> {
    Some(Output::new(
        coin.value.checked_sub(cost).unwrap_or(Amount::ONE_TFT),
        own(1),
    ))
}

pub fn register(coin: &Coin, mut bot: BotRegistration, key: &KeyPair) -> Transaction {
    bot.transaction_fee = Amount::ONE_TFT;
    bot.refund = rest(coin, &(bot.bot_fee() + Amount::ONE_TFT));
    signed_bot(coin, bot.into_inputs(coin), key)
}

/// Signs as the bot first, because the inputs' signatures cover its key, then the input.
pub fn signed_bot(coin: &Coin, mut transaction: Transaction, key: &KeyPair) -> Transaction {
    transaction.sign_extension(SignTarget::Bot, key).unwrap();
    sign(
        &mut transaction,
        std::slice::from_ref(coin),
        &[&self::key(1)],
    );
    transaction
}

pub fn change(coin: &Coin, mut update: BotRecordUpdate, key: &KeyPair) -> Transaction {
    update.transaction_fee = Amount::ONE_TFT;
    update.refund = rest(coin, &(update.bot_fee() + Amount::ONE_TFT));
    signed_bot(coin, update.into_inputs(coin), key)
}

pub fn give_names(
    coin: &Coin,
    (sender, receiver): (u32, u32),
    names: &[&str],
    sender_key: &KeyPair,
    receiver_key: &KeyPair,
) -> Transaction {
    let mut transfer = BotNameTransfer {
        names: names.iter().map(|name| name.parse().unwrap()).collect(),
        transaction_fee: Amount::ONE_TFT,
        ..BotNameTransfer::default()
    };
    transfer.sender.id = sender.to_string().parse().unwrap();
    transfer.receiver.id = receiver.to_string().parse().unwrap();
    transfer.refund = rest(coin, &(transfer.bot_fee() + Amount::ONE_TFT));
    let mut transaction = transfer.into_inputs(coin);
    let (from, to) = (SignTarget::NameSender, SignTarget::NameReceiver);
    transaction.sign_extension(from, sender_key).unwrap();
    transaction.sign_extension(to, receiver_key).unwrap();
    sign(&mut transaction, std::slice::from_ref(coin), &[&key(1)]);
    transaction
}

pub fn withdraw_address(coin: &Coin, owner: &KeyPair, fee: u64) -> Transaction {
    let registration = Erc20AddressRegistration {
        public_key: *owner.public_key(),
        registration_fee: Amount::from_tft(fee),
        transaction_fee: Amount::ONE_TFT,
        refund: rest(coin, &Amount::from_tft(fee + 1)),
        ..Erc20AddressRegistration::default()
    };
    let mut transaction = registration.into_inputs(coin);
    let target = SignTarget::Erc20Registration;
    transaction.sign_extension(target, owner).unwrap();
    sign(&mut transaction, std::slice::from_ref(coin), &[&key(1)]);
    transaction
}

pub fn convert(coin: &Coin, value: u64) -> Transaction {
    let conversion = Erc20Convert {
        address: "0x828de486adc50aa52dab52a2ec284bcac75be211"
            .parse()
            .unwrap(),
        value: Amount::from_tft(value),
        transaction_fee: Amount::ONE_TFT,
        refund: rest(coin, &Amount::from_tft(value + 1)),
        ..Erc20Convert::default()
    };
    let mut transaction = conversion.into_inputs(coin);
    sign(&mut transaction, std::slice::from_ref(coin), &[&key(1)]);
    transaction
}

/// Coins that come back from Ethereum for the owner of a key.
pub fn bridge(owner: &KeyPair, transaction_id: [u8; 32]) -> Transaction {
    Transaction::from(Erc20CoinCreation {
        address: owner.unlock_hash(),
        value: Amount::from_tft(5),
        transaction_fee: Amount::ONE_TFT,
        block_id: hex::encode([9; 32]).parse().unwrap(),
        transaction_id: hex::encode(transaction_id).parse().unwrap(),
    })
}

fn mint_signed(mut transaction: Transaction, active: &Condition, keys: &[&KeyPair]) -> Transaction {
    let hasher = transaction.signature_hasher().unwrap();
    for key in keys {
        let target = SignTarget::MintFulfillment;
        let _ = transaction.sign(&hasher, target, active, key, None);
    }
    transaction
}

/// The mint condition that the chain ends with.
pub fn minters() -> Condition {
    owners(&[1, 2, 3], 2)
}

pub fn mint(nonce: [u8; 8], to: Condition, tft: u64, keys: &[&KeyPair]) -> Transaction {
    let creation = CoinCreation {
        nonce: Nonce(nonce),
        coin_outputs: vec![Output::new(Amount::from_tft(tft), to)],
        miner_fees: vec![Amount::ONE_TFT],
        ..CoinCreation::default()
    };
    mint_signed(creation.into(), &minters(), keys)
}

/// Defines who mints; `active` is the condition that is fulfilled, None that of the genesis block.
pub fn mint_condition(
    nonce: [u8; 8],
    condition: Condition,
    active: Option<Condition>,
    keys: &[&KeyPair],
) -> Transaction {
    let definition = MinterDefinition {
        nonce: Nonce(nonce),
        mint_condition: condition,
        miner_fees: vec![Amount::ONE_TFT],
        ..MinterDefinition::default()
    };
    let genesis = Condition::UnlockHash(genesis().unlock_hash());
    mint_signed(definition.into(), &active.unwrap_or(genesis), keys)
}

/// Puts a coin in as the only input.
pub trait IntoInputs {
    fn into_inputs(self, coin: &Coin) -> Transaction;
}

macro_rules! into_inputs {
    ($($type:ty),*) => {$(
        impl IntoInputs for $type {
            fn into_inputs(mut self, coin: &Coin) -> Transaction {
                self.coin_inputs = inputs(std::slice::from_ref(coin));
                self.into()
            }
        }
    )*};
}

into_inputs!(
    BotRegistration,
    BotRecordUpdate,
    BotNameTransfer,
    Erc20AddressRegistration,
    Erc20Convert
);
