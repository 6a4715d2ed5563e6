//! `j.clients.itsyouonline`: access to the identity service whose tokens nodes take as password.
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::j::instances::{Base, Collection, Common, Config};
use crate::j::world::World;
use crate::object::{Class, Default, Error, Kind, Member, Needs, Param, Result, Stored, Ty, Value};
use crate::zos::{identity, web};

/// The collection at `j.clients.itsyouonline`.
pub fn collection(world: &Arc<World>) -> Arc<Collection<ItsYouOnline>> {
    Collection::top(world, "j.clients.itsyouonline")
}

/// Access to the identity service as an application of a user.
pub struct ItsYouOnline {
    base: Arc<Base>,
}

impl Config for ItsYouOnline {
    type Owner = ();
    const SCHEMA: &'static str = r#"
@url = jumpscale.itsyouonline.1
@secret = secret
name* = "" (S)
baseurl = "https://itsyou.online" (S)   # address of the service
application_id = "" (S)                 # id of an API key
secret = "" (S)                         # secret of that key
"#;
    const COLLECTION: &'static str = "itsyouonline";
    const COLLECTION_DOC: &'static str =
        "Access to the identity service itsyou.online, by name of the access.";

    fn open(base: Arc<Base>, (): &()) -> Result<Self> {
        Ok(ItsYouOnline { base })
    }
    fn base(&self) -> &Arc<Base> {
        &self.base
    }
    fn changing(&self, name: &str, value: &Value) -> Result<()> {
        if let ("baseurl", Value::Str(address)) = (name, value) {
            web::below(address, &[])?;
        }
        Ok(())
    }
}

impl ItsYouOnline {
    /// A token that speaks for a member of an organization.
    ///
    /// # Errors
    /// No key of an application, or as [`identity::token`].
    pub fn token(&self, organization: &str, validity: i64) -> Result<Zeroizing<String>> {
        let base = &self.base;
        let secret = Zeroizing::new(base.text("secret"));
        let application = base.text("application_id");
        if application.is_empty() || secret.is_empty() {
            let path = base.path();
            return Err(
                Error::new(Kind::Value, format!("{path} has no key of an application"))
                    .hint(format!("{path}.application_id = '…'; {path}.secret = '…'")),
            );
        }
        let address = base.text("baseurl");
        let asked = identity::token(&address, &application, &secret, organization, validity);
        Ok(base.world.block_on(asked)??)
    }

    /// Its stored properties.
    pub fn address(&self) -> String {
        self.base.text("baseurl")
    }
}

impl Class for ItsYouOnline {
    const NAME: &'static str = "itsyouonline_client";
    const DOC: &'static str = "Access to the identity service.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[
        &[Member::method(
            "jwt_get",
            &[
                Param::required("organization", Ty::Str, "the organization it speaks for"),
                Param::optional(
                    "validity",
                    Ty::Int,
                    Default::Int(identity::VALIDITY),
                    "seconds until it ends",
                ),
            ],
            Ty::Str,
            "Asks for a token of a member of an organization: the password of its nodes.",
            "iyo = j.clients.itsyouonline.new('mine', application_id='an_id', secret='a_secret')",
            |this: &Arc<Self>, args| {
                let validity = args.opt_int("validity").unwrap_or(identity::VALIDITY);
                let token = this.token(args.text("organization"), validity)?;
                Ok(Value::Str(token.to_string()))
            },
        )
        .needs(Needs::NETWORK)],
        Common::<Self>::MEMBERS,
    ];
    const STORED: Option<Stored<Self>> = Common::<Self>::STORED;
}
