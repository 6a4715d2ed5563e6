//! Outputs as values: coins or block stakes, and who can spend them.
use super::amount::Currency;
use super::condition::ConditionValue;
use crate::object::{Class, Member, Paint, Ty, Value, class_of};
use crate::tfchain::{Hash, Output};

/// An output of coins.
pub struct CoinOutput {
    id: Option<Hash>,
    output: Output,
}

impl CoinOutput {
    /// The output as a value of the shell; the id is None while its transaction has none.
    pub fn value(id: Option<Hash>, output: Output) -> Value {
        Value::object(CoinOutput { id, output })
    }
}

fn id_value(id: &Option<Hash>) -> Value {
    id.map(|id| id.to_string()).into()
}

fn json(id: &Option<Hash>, output: &Output) -> serde_json::Value {
    let mut json = serde_json::to_value(output).unwrap_or_default();
    if let (Some(map), Some(id)) = (json.as_object_mut(), id) {
        map.insert("id".into(), id.to_string().into());
    }
    json
}

const SAMPLE: &str = "t = w.coins_send(w.address, 1).transaction\nt.coin_outputs[0]";

impl Class for CoinOutput {
    const NAME: &'static str = "CoinOutput";
    const DOC: &'static str = "An output of coins: how much, and who can spend it.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::property(
            "id",
            Ty::Str,
            "Its id; None while its transaction has none.",
            SAMPLE,
            |this, _| Ok(id_value(&this.id)),
        ),
        Member::property(
            "value",
            Ty::Object(class_of::<Currency>),
            "How much.",
            SAMPLE,
            |this, _| Ok(Currency::value(this.output.value.clone())),
        ),
        Member::property(
            "condition",
            Ty::Object(class_of::<ConditionValue>),
            "Who can spend it, and from when on.",
            SAMPLE,
            |this, _| Ok(ConditionValue::value(this.output.condition.clone())),
        ),
        Member::property(
            "unlockhash",
            Ty::Str,
            "The address of who can spend it.",
            SAMPLE,
            |this, _| Ok(this.output.condition.unlock_hash().to_string().into()),
        ),
    ]];

    fn repr(&self, _paint: Paint) -> String {
        format!(
            "CoinOutput(value={}, unlockhash={})",
            self.output.value.with_unit(),
            self.output.condition.unlock_hash()
        )
    }
    fn to_json(&self) -> serde_json::Value {
        json(&self.id, &self.output)
    }
}

/// An output of block stakes.
pub struct BlockStakeOutput {
    id: Option<Hash>,
    output: Output,
}

impl BlockStakeOutput {
    /// The output as a value of the shell.
    pub fn value(id: Option<Hash>, output: Output) -> Value {
        Value::object(BlockStakeOutput { id, output })
    }
}

const STAKE_SAMPLE: &str = "b = c.block_get(0)\nb.transactions[0].blockstake_outputs[0]";

impl Class for BlockStakeOutput {
    const NAME: &'static str = "BlockStakeOutput";
    const DOC: &'static str = "An output of block stakes: how many, and who owns them.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::property("id", Ty::Str, "Its id.", STAKE_SAMPLE, |this, _| {
            Ok(id_value(&this.id))
        }),
        Member::property(
            "value",
            Ty::Int,
            "How many block stakes.",
            STAKE_SAMPLE,
            |this, _| {
                let text = this.output.value.units_text();
                Ok(text.parse().map_or(Value::Str(text), Value::Int))
            },
        ),
        Member::property(
            "condition",
            Ty::Object(class_of::<ConditionValue>),
            "Who owns them.",
            STAKE_SAMPLE,
            |this, _| Ok(ConditionValue::value(this.output.condition.clone())),
        ),
        Member::property(
            "unlockhash",
            Ty::Str,
            "The address of who owns them.",
            STAKE_SAMPLE,
            |this, _| Ok(this.output.condition.unlock_hash().to_string().into()),
        ),
    ]];

    fn repr(&self, _paint: Paint) -> String {
        format!(
            "BlockStakeOutput(value={}, unlockhash={})",
            self.output.value.units_text(),
            self.output.condition.unlock_hash()
        )
    }
    fn to_json(&self) -> serde_json::Value {
        json(&self.id, &self.output)
    }
}
