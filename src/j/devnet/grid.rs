//! The grid of the devnet in `j.devnet`: mails of the broker, farms.
use std::sync::PoisonError;

use zeroize::Zeroizing;

use crate::devnet::GridAddresses;
use crate::devnet::grid::{Letter, MailServer, NewFarm, SmtpOptions};
use crate::devnet::{Control, DEFAULT_PORT};
use crate::grid::directory::{Location, Units};
use crate::j::clients::tfchain::recipient;
use crate::j::world::World;
use crate::object::{Args, Class, Default, Error, Kind, Member, Paint, Param, Result, Ty, Value};

/// Addresses of a devnet's grid.
pub struct Addresses {
    /// Of its capacity directory.
    pub directory: String,
    /// Host and port of its notary.
    pub notary: (String, u16),
}

fn addresses(world: &World) -> Option<GridAddresses> {
    {
        let own = world.devnet.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(handle) = own.as_ref() {
            return Some(handle.grid().addresses());
        }
    }
    let control = Control::open(&world.devnet_dir()).ok()?;
    Some(control.grid_addresses())
}

/// Where the grid of the devnet is that this shell would use; where it would be when none runs.
pub fn grid(world: &World) -> Addresses {
    let told = |addresses: GridAddresses| Addresses {
        directory: format!("http://{}", addresses.directory),
        notary: (addresses.notary.ip().to_string(), addresses.notary.port()),
    };
    let usual = || {
        let port = match world.settings.devnet_port {
            0 => DEFAULT_PORT,
            port => port,
        };
        Addresses {
            directory: format!("http://127.0.0.1:{}", port.saturating_add(4)),
            notary: ("127.0.0.1".to_owned(), port.saturating_add(5)),
        }
    };
    addresses(world).map_or_else(usual, told)
}

fn control(world: &World) -> Result<Control> {
    let own = {
        let own = world.devnet.lock().unwrap_or_else(PoisonError::into_inner);
        own.as_ref().map(|handle| handle.dir().to_path_buf())
    };
    let dir = own.unwrap_or_else(|| world.devnet_dir());
    Ok(Control::open(&dir)?)
}

/// Makes the devnet's broker a 3bot, unless it is one; false when no devnet runs.
pub fn broker_ready(world: &World) -> Result<bool> {
    let Ok(control) = control(world) else {
        return Ok(false);
    };
    world.block_on(control.broker_ready())??;
    Ok(true)
}

/// The mails of the broker, newest first.
pub fn mails(world: &World) -> Result<Value> {
    let control = control(world)?;
    let mails = world.block_on(control.mails())??;
    Ok(mails
        .into_iter()
        .map(|letter| Value::object(DevnetMail(letter)))
        .collect())
}

/// The address of the page of mails, with the secret that opens it.
pub fn mails_page(world: &World) -> Result<Value> {
    let control = control(world)?;
    Ok(world.block_on(control.mails_page())??.into())
}

/// A token that speaks for a farmer of the devnet.
pub fn farmer_token(world: &World, farmer: &str) -> Result<Zeroizing<String>> {
    let control = control(world)?;
    Ok(world.block_on(control.farmer_token(farmer))??)
}

/// Parameters of `j.devnet.start` about a mail server.
pub const SMTP: [Param; 7] = [
    Param::optional(
        "smtp_host",
        Ty::Str,
        Default::None,
        "mail server for the broker's mails, kept from then on; '' for none any more",
    ),
    Param::optional(
        "smtp_port",
        Ty::Int,
        Default::None,
        "its port; 587, 465 or 25 without, as the encryption is",
    ),
    Param::optional(
        "smtp_tls",
        Ty::Str,
        Default::None,
        "its encryption: starttls (without), tls or none",
    ),
    Param::optional("smtp_user", Ty::Str, Default::None, "who signs in there"),
    Param::optional(
        "smtp_password_file",
        Ty::Str,
        Default::None,
        "file whose first line is the password",
    )
    .completed_by(crate::object::Complete::File),
    Param::optional(
        "smtp_from",
        Ty::Str,
        Default::None,
        "who the mails are from; broker@grid.tf without",
    ),
    Param::optional(
        "smtp_ca_file",
        Ty::Str,
        Default::None,
        "certificates (PEM) that are trusted besides those of the system",
    )
    .completed_by(crate::object::Complete::File),
];

/// What the arguments of `j.devnet.start` say about a mail server.
pub fn smtp_options(args: &Args) -> Result<SmtpOptions> {
    let text = |name: &str| args.opt_text(name).map(String::from);
    let port = args.opt_int("smtp_port").map(|port| {
        u16::try_from(port)
            .map_err(|_| args.error("smtp_port", format!("is {port}: expected 1 to 65535")))
    });
    Ok(SmtpOptions {
        host: text("smtp_host"),
        port: port.transpose()?,
        tls: text("smtp_tls"),
        user: text("smtp_user"),
        password_file: text("smtp_password_file").map(Into::into),
        from: text("smtp_from"),
        ca_file: text("smtp_ca_file").map(Into::into),
    })
}

/// The mail server that the arguments of `j.devnet.start` name.
pub fn mail_server(args: &Args) -> Result<MailServer> {
    smtp_options(args)?.read().map_err(Error::value)
}

/// Parameters of `j.devnet.mail_wait`.
pub const MAIL_WAIT: &[Param] = &[
    Param::required("transaction", Ty::Any("id"), "id of the payment"),
    Param::optional(
        "timeout",
        Ty::Int,
        Default::Int(30),
        "seconds to wait at most",
    ),
];

/// The mail about a payment, when it is there.
pub fn mail_wait(world: &World, args: &Args) -> Result<Value> {
    let id = recipient::id(args.get("transaction"))?.to_string();
    let seconds = u64::try_from(args.opt_int("timeout").unwrap_or(30)).unwrap_or(0);
    let control = control(world)?;
    let ends = std::time::Instant::now() + std::time::Duration::from_secs(seconds.min(3600));
    loop {
        if let Some(mail) = world.block_on(control.mail_of(&id))?? {
            return Ok(Value::object(DevnetMail(mail)));
        }
        if std::time::Instant::now() >= ends {
            return Err(Error::new(
                Kind::NotFound,
                format!("no mail about the payment {id} after {seconds} s"),
            )
            .hint("a payment counts when it is in a block: j.devnet.block_make()"));
        }
    }
}

/// Parameters of `j.devnet.farm_add`.
pub const FARM_ADD: &[Param] = &[
    Param::required("id", Ty::Str, "id of the farm, for example my.farm"),
    Param::required("country", Ty::Str, "country it stands in"),
    Param::optional("city", Ty::Str, Default::Str(""), "city it stands in"),
    Param::optional(
        "name",
        Ty::Str,
        Default::Str(""),
        "its name; the id without",
    ),
    Param::optional(
        "continent",
        Ty::Str,
        Default::Str(""),
        "continent it stands on",
    ),
    Param::optional(
        "nodes",
        Ty::Int,
        Default::Int(1),
        "how many nodes it has, 1 to 100",
    ),
    Param::optional("cru", Ty::Int, Default::Int(8), "CPU cores of each node"),
    Param::optional(
        "mru",
        Ty::Int,
        Default::Int(32),
        "GiB of memory of each node",
    ),
    Param::optional(
        "hru",
        Ty::Int,
        Default::Int(2000),
        "GB of turning disk of each node",
    ),
    Param::optional(
        "sru",
        Ty::Int,
        Default::Int(500),
        "GB of solid state disk of each node",
    ),
];

/// Adds a farm; the ids of its nodes.
pub fn farm_add(world: &World, args: &Args) -> Result<Value> {
    let text = |name: &str| args.opt_text(name).unwrap_or_default().to_owned();
    let units = |name: &str| -> Result<f64> {
        let units = args.opt_int(name).unwrap_or_default();
        match u32::try_from(units) {
            Ok(units) => Ok(f64::from(units)),
            Err(_) => Err(args.error(name, format!("is {units}: expected 0 to 4294967295"))),
        }
    };
    let nodes = args.opt_int("nodes").unwrap_or(1);
    let farm = NewFarm {
        id: text("id"),
        name: text("name"),
        location: Location {
            city: text("city"),
            continent: text("continent"),
            country: text("country"),
            latitude: 0.0,
            longitude: 0.0,
        },
        units: Units {
            cru: units("cru")?,
            hru: units("hru")?,
            mru: units("mru")?,
            sru: units("sru")?,
        },
        nodes: u32::try_from(nodes)
            .map_err(|_| args.error("nodes", format!("is {nodes}: expected 1 to 100")))?,
    };
    let control = control(world)?;
    let ids = world.block_on(control.farm_add(&farm))??;
    Ok(ids.into_iter().map(Value::from).collect())
}

/// A mail of the devnet's broker.
pub struct DevnetMail(Letter);

const MAIL: &str = "for mail in j.devnet.mails() { print(mail.subject) }";

impl Class for DevnetMail {
    const NAME: &'static str = "DevnetMail";
    const DOC: &'static str = "A mail that the broker of the devnet wrote.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::property("to", Ty::Str, "Who it is for.", MAIL, |m, _| {
            Ok(m.0.mail.to.clone().into())
        }),
        Member::property("from_", Ty::Str, "Who it is from.", MAIL, |m, _| {
            Ok(m.0.mail.from.clone().into())
        }),
        Member::property("subject", Ty::Str, "Its subject.", MAIL, |m, _| {
            Ok(m.0.mail.subject.clone().into())
        }),
        Member::property(
            "text",
            Ty::Str,
            "Its content, one `name: value` a line.",
            MAIL,
            |m, _| Ok(m.0.mail.text.clone().into()),
        ),
        Member::property(
            "html",
            Ty::Str,
            "Its content as it is sent.",
            MAIL,
            |m, _| Ok(m.0.mail.html().into()),
        ),
        Member::property(
            "time",
            Ty::Int,
            "When it was written, seconds since 1970.",
            MAIL,
            |m, _| Ok(i64::try_from(m.0.mail.time).map_or(Value::None, Value::Int)),
        ),
        Member::property(
            "state",
            Ty::Str,
            "How far its delivery is: kept (no mail server is configured), waiting, sent or failed.",
            MAIL,
            |m, _| Ok(m.0.delivery.word().into()),
        ),
        Member::property(
            "reason",
            Ty::Str,
            "Why it is not sent; None when there is nothing to tell.",
            MAIL,
            |m, _| Ok(m.0.delivery.reason().map_or(Value::None, Value::from)),
        ),
        Member::method(
            "value",
            &[Param::required(
                "name",
                Ty::Str,
                "what stands in front of the colon, for example 0-OS address",
            )],
            Ty::Str,
            "Answers the value behind a name of the content; None when it does not stand there.",
            "for mail in j.devnet.mails() { print(mail.value('0-OS address')) }",
            |m: &std::sync::Arc<Self>, args| {
                let name = args.text("name");
                Ok(m.0.mail.value(name).map_or(Value::None, Value::from))
            },
        ),
    ]];

    fn repr(&self, _paint: Paint) -> String {
        let (m, delivery) = (&self.0.mail, &self.0.delivery);
        // The first line is what a list of mails shows.
        format!(
            "mail to {}: {}, {}\nfrom {}\n{delivery}\n\n{}",
            m.to,
            m.subject,
            delivery.word(),
            m.from,
            m.text.trim_end()
        )
    }
    fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(&self.0).unwrap_or_default()
    }
}
