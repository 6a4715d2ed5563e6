//! `j.clients.currencylayer`: rates of currencies. The built-in table is used until live rates are
//! asked for.
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use crate::currencylayer::{Client, Limits, RateError};
use crate::j::instances::{Base, Collection, Common, Config};
use crate::j::world::World;
use crate::object::{Class, Default, Error, Kind, Member, Needs, Param, Result, Stored, Ty, Value};
use crate::schema::Rates;

/// Seconds for which live rates are good: the service is asked once a day.
const DAY: i64 = 86_400;

/// The collection at `j.clients.currencylayer`.
pub fn collection(world: &Arc<World>) -> Arc<Collection<CurrencyLayer>> {
    Collection::top(world, "j.clients.currencylayer")
}

impl From<RateError> for Error {
    fn from(error: RateError) -> Self {
        let kind = match &error {
            RateError::NoKey | RateError::Address { .. } => Kind::Value,
            RateError::Refused { .. } => Kind::Refused,
            RateError::OutOfReach { .. } | RateError::Garbage { .. } => Kind::Network,
        };
        Error::new(kind, error.to_string())
    }
}

/// Access to the service, and what the user says of TFT.
pub struct CurrencyLayer {
    base: Arc<Base>,
}

impl Config for CurrencyLayer {
    type Owner = ();
    const SCHEMA: &'static str = r#"
@url = jumpscale.currencylayer.client
@secret = api_key_
name* = "" (S)
api_key_ = "" (S)                       # key of currencylayer.com
address = "https://api.currencylayer.com/live" (S)  # where live rates are asked for
tft_usd = 0.0 (F)                       # what one TFT is worth in usd; 0 is not known
rates_time = 0 (T)                      # when the live rates below were asked for
rates = "{}" (json)                     # the last live rates: units for one usd
"#;
    const COLLECTION: &'static str = "currencylayer";
    const COLLECTION_DOC: &'static str = "Rates of currencies.\n\
        The built-in table is used until load() asks the service for live ones.";
    const COLLECTION_MEMBERS: &'static [Member<Collection<Self>>] = FACTORY;

    fn open(base: Arc<Base>, (): &()) -> Result<Self> {
        let this = CurrencyLayer { base };
        this.apply_tft()?;
        Ok(this)
    }
    fn base(&self) -> &Arc<Base> {
        &self.base
    }
    fn changing(&self, name: &str, value: &Value) -> Result<()> {
        match (name, value) {
            ("address", Value::Str(address)) => {
                Client::new(address, Limits::default())?;
            }
            ("tft_usd", value) => check_tft(value)?,
            _ => {}
        }
        Ok(())
    }
    fn changed(&self) {
        // What was checked before the change fits.
        let _ = self.apply_tft();
    }
}

fn check_tft(value: &Value) -> Result<()> {
    let sound = |usd: f64| usd.is_finite() && usd >= 0.0 && (usd == 0.0 || (1.0 / usd).is_finite());
    #[allow(clippy::cast_precision_loss, reason = "rates are floats")]
    let usd = match value {
        Value::Int(i) => *i as f64,
        Value::Float(f) => *f,
        Value::Str(text) => text.trim().parse().unwrap_or(f64::NAN),
        _ => f64::NAN,
    };
    match sound(usd) {
        true => Ok(()),
        false => Err(Error::value(
            "tft_usd must be what one TFT is worth in usd, like 0.05; 0 when it is not known",
        )),
    }
}

impl CurrencyLayer {
    fn world(&self) -> &Arc<World> {
        &self.base.world
    }

    fn now(&self) -> i64 {
        let since = self.world().now().duration_since(UNIX_EPOCH);
        i64::try_from(since.unwrap_or_default().as_secs()).unwrap_or(i64::MAX)
    }

    fn tft_usd(&self) -> f64 {
        match self.base.get("tft_usd") {
            Some(Value::Float(usd)) => usd,
            _ => 0.0,
        }
    }

    /// Puts the user's rate of TFT into the table in use.
    fn apply_tft(&self) -> Result<()> {
        let usd = self.tft_usd();
        if usd > 0.0 {
            let context = self.world().schemas();
            let mut rates = Rates::clone(&context.rates());
            rates.set("TFT", 1.0 / usd)?;
            context.set_rates(rates);
        }
        Ok(())
    }

    /// Uses live rates: the kept ones when they are not older than a day, else new ones; when there
    /// are none, the built-in table with a note.
    fn load(&self, reset: bool) -> Result<Value> {
        let age = self.now().saturating_sub(self.base.int("rates_time"));
        let kept = self.kept();
        let fresh = !kept.is_empty() && (0..DAY).contains(&age);
        if !fresh || reset {
            match self.ask() {
                Ok(per_usd) => return self.use_live(&per_usd),
                Err(error) if matches!(error.kind, Kind::Interrupted | Kind::Store) => {
                    return Err(error);
                }
                Err(error) => {
                    let world = self.world();
                    let hint = match error.message == RateError::NoKey.to_string() {
                        true => "; give one: j.clients.currencylayer.main.api_key_ = '…'",
                        false => "",
                    };
                    world.host.note(&format!("{}{hint}", error.message));
                    if kept.is_empty() {
                        world.host.note("the built-in table of rates is used");
                        world.schemas().set_rates(Rates::clone(Rates::builtin()));
                        self.apply_tft()?;
                        return Ok(Value::Bool(false));
                    }
                    let hours = age.max(0) / 3_600;
                    world
                        .host
                        .note(&format!("live rates of {hours} hours ago are used"));
                }
            }
        }
        self.use_live(&kept)
    }

    /// The live rates that were kept.
    fn kept(&self) -> BTreeMap<String, f64> {
        serde_json::from_str(&self.base.text("rates")).unwrap_or_default()
    }

    fn ask(&self) -> Result<BTreeMap<String, f64>> {
        let client = Client::new(&self.base.text("address"), Limits::default())?;
        let key = zeroize::Zeroizing::new(self.base.text("api_key_"));
        let quotes = self.world().block_on(client.live(&key))??;
        let text = serde_json::to_string(&quotes.per_usd).unwrap_or_default();
        let was_unsaved = self.base.is_unsaved();
        self.base.set("rates", &Value::Str(text))?;
        self.base.set("rates_time", &Value::Int(self.now()))?;
        // One that is stored keeps the new rates for other sessions; nothing else is stored by it.
        if self.base.is_stored() && !was_unsaved {
            self.base.save(false)?;
        }
        Ok(quotes.per_usd)
    }

    fn use_live(&self, per_usd: &BTreeMap<String, f64>) -> Result<Value> {
        let mut rates = Rates::clone(Rates::builtin());
        // Codes that the table does not know have no number, so no value can be in them.
        for (code, rate) in per_usd.iter().filter(|(code, _)| *code != "usd") {
            let _ = rates.set(code, *rate);
        }
        self.world().schemas().set_rates(rates);
        self.apply_tft()?;
        Ok(Value::Bool(true))
    }
}

fn cur2usd(world: &World) -> Value {
    let rates = world.schemas().rates();
    let all = rates.iter();
    Value::Map(
        all.map(|(code, _, rate)| (code.into(), rate.into()))
            .collect(),
    )
}

/// The instance `main`, from memory or the store, or a new one.
fn main_of(this: &Arc<Collection<CurrencyLayer>>) -> Result<Arc<CurrencyLayer>> {
    match this.find_one("main")? {
        Some(main) => Ok(main),
        None => this.create("main", &[]),
    }
}

const RESET: &[Param] = &[Param::optional(
    "reset",
    Ty::Bool,
    Default::Bool(false),
    "ask also when the kept rates are younger than a day",
)];

const LOAD: &str = "Uses live rates, asked for once a day with the API key.\n\
                    Answers False, after a note, when there are none and the built-in table is used.";

const FACTORY: &[Member<Collection<CurrencyLayer>>] = &[
    Member::property(
        "cur2usd",
        Ty::Dict,
        "Units of every currency for one usd, by the rates in use.",
        "j.clients.currencylayer.cur2usd['eur']",
        |this: &Arc<Collection<CurrencyLayer>>, _| Ok(cur2usd(this.world())),
    ),
    Member::property(
        "id2cur",
        Ty::Dict,
        "The code of every currency by its number; numbers never change.",
        "j.clients.currencylayer.id2cur['151']",
        |this: &Arc<Collection<CurrencyLayer>>, _| {
            let rates = this.world().schemas().rates();
            let all = rates.iter();
            Ok(Value::Map(
                all.map(|(code, id, _)| (id.as_u8().to_string(), code.into()))
                    .collect(),
            ))
        },
    ),
    Member::property(
        "cur2id",
        Ty::Dict,
        "The number of every currency by its code.",
        "j.clients.currencylayer.cur2id['usd']",
        |this: &Arc<Collection<CurrencyLayer>>, _| {
            let rates = this.world().schemas().rates();
            let all = rates.iter();
            Ok(Value::Map(
                all.map(|(code, id, _)| (code.into(), Value::Int(id.as_u8().into())))
                    .collect(),
            ))
        },
    ),
    Member::method(
        "cur2usd_print",
        &[],
        Ty::Nothing,
        "Prints the rates in use, one currency a line.",
        "j.clients.currencylayer.cur2usd_print()",
        |this: &Arc<Collection<CurrencyLayer>>, _| {
            let rates = this.world().schemas().rates();
            let lines: String = rates
                .iter()
                .map(|(code, _, rate)| format!("{}  {}\n", code, crate::object::print::float(rate)))
                .collect();
            this.world().host.out(&lines);
            Ok(Value::None)
        },
    ),
    Member::method(
        "load",
        RESET,
        Ty::Bool,
        LOAD,
        "j.clients.currencylayer.load()",
        |this: &Arc<Collection<CurrencyLayer>>, args| main_of(this)?.load(args.flag("reset")),
    )
    .needs(Needs::NETWORK.and(Needs::UNLOCKED)),
    Member::method(
        "tft_set",
        &[Param::required(
            "usd",
            Ty::Float,
            "what one TFT is worth in usd",
        )],
        Ty::Nothing,
        "Says what one TFT is worth; without, amounts in TFT are refused.\n\
         It is kept with j.clients.currencylayer.main.save().",
        "j.clients.currencylayer.tft_set(0.05)\nj.data.types.numeric.clean('10 TFT').usd",
        |this: &Arc<Collection<CurrencyLayer>>, args| {
            let main = main_of(this)?;
            check_tft(args.get("usd"))?;
            main.base.set("tft_usd", args.get("usd"))?;
            main.apply_tft().map(Value::from)
        },
    )
    .needs(Needs::UNLOCKED),
];

impl Class for CurrencyLayer {
    const NAME: &'static str = "currencylayer_client";
    const DOC: &'static str = "Access to live rates of currencies, and the rate of TFT.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[
        &[Member::method(
            "load",
            RESET,
            Ty::Bool,
            LOAD,
            "j.clients.currencylayer.load()",
            |this: &Arc<CurrencyLayer>, args| this.load(args.flag("reset")),
        )
        .needs(Needs::NETWORK)],
        Common::<Self>::MEMBERS,
    ];
    const STORED: Option<Stored<Self>> = Common::<Self>::STORED;
}
