//! `j.clients.webgateway`: domains that lead to services of one's own.
use std::sync::{Arc, Mutex, PoisonError};

use indexmap::IndexMap;

use super::tfchain::place::random;
use crate::grid::webgateway::{
    Gateway, GatewayError, Service, check_domain, check_endpoint, check_name,
};
use crate::j::instances::{Base, Collection, Common, Config};
use crate::j::world::World;
use crate::object::{
    Class, Error, Kind, Member, Needs, Paint, Param, Result, Stored, Ty, Value, class_of,
};
use crate::tfchain::explorer::{HttpFetch, HttpLimits};

/// The collection at `j.clients.webgateway`.
pub fn collection(world: &Arc<World>) -> Arc<Collection<WebGateway>> {
    Collection::top(world, "j.clients.webgateway")
}

impl From<GatewayError> for Error {
    fn from(error: GatewayError) -> Self {
        let kind = match &error {
            GatewayError::Endpoint(_) | GatewayError::Name(_) | GatewayError::Domain(_) => {
                Kind::Value
            }
            GatewayError::Refused { .. } => Kind::Refused,
            GatewayError::OutOfReach(_) | GatewayError::Answer => Kind::Network,
        };
        let told = Error::new(kind, error.to_string());
        match error {
            GatewayError::Endpoint(_) => {
                told.hint("write scheme, host and port: http://10.244.1.2:8080")
            }
            GatewayError::OutOfReach(_) => {
                told.hint("where its JSON gateway is: .etcd_url = 'http://host:2379'")
            }
            _ => told,
        }
    }
}

/// A web gateway.
pub struct WebGateway {
    base: Arc<Base>,
}

impl Config for WebGateway {
    type Owner = ();
    const SCHEMA: &'static str = r#"
@url = jumpscale.webgateway.client
name* = "" (S)
etcd_instance = "main" (S)   # name of the etcd, for people
etcd_url = "http://127.0.0.1:2379" (S)  # where the JSON gateway of etcd is
public_ips = (LS)            # the addresses to which domains must point
"#;
    const COLLECTION: &'static str = "webgateway";
    const COLLECTION_DOC: &'static str = "Web gateways, by name: domains that lead to services.";

    fn open(base: Arc<Base>, (): &()) -> Result<Self> {
        Ok(WebGateway { base })
    }
    fn base(&self) -> &Arc<Base> {
        &self.base
    }
    fn changing(&self, name: &str, value: &Value) -> Result<()> {
        if let ("etcd_url", Value::Str(address)) = (name, value) {
            HttpFetch::new(&[address], random(), HttpLimits::default())?;
        }
        Ok(())
    }
}

impl WebGateway {
    fn gateway(&self) -> Result<Gateway> {
        let address = self.base.text("etcd_url");
        let fetch = HttpFetch::new(&[address], random(), HttpLimits::default())?;
        Ok(Gateway::new(Arc::new(fetch)))
    }

    fn services(&self) -> Result<Vec<Service>> {
        let gateway = self.gateway()?;
        Ok(self.base.world.block_on(gateway.services())??)
    }

    fn service(self: &Arc<Self>, service: Service) -> Value {
        Value::object(ServiceValue {
            gateway: self.clone(),
            service: Mutex::new(service),
        })
    }
}

const NAME: Param = Param::required("name", Ty::Str, "name of the service");

const MEMBERS: &[Member<WebGateway>] = &[
    Member::property(
        "services",
        Ty::List,
        "The services that are deployed.",
        "gateway.services",
        |this: &Arc<WebGateway>, _| {
            let services = this.services()?;
            Ok(services.into_iter().map(|one| this.service(one)).collect())
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "service_create",
        &[NAME],
        Ty::Object(class_of::<ServiceValue>),
        "Begins a service; nothing is deployed before deploy().",
        "j.clients.webgateway.new('gateway').service_create('my_page')",
        |this: &Arc<WebGateway>, args| {
            check_name(args.text("name"))?;
            Ok(this.service(Service {
                name: args.text("name").to_owned(),
                ..Service::default()
            }))
        },
    ),
    Member::method(
        "service_get",
        &[NAME],
        Ty::Object(class_of::<ServiceValue>),
        "A service that is deployed.",
        "s = gateway.service_create('my_page')\n\
             s.expose('my.example.org', 'http://10.244.1.2:8080').deploy()\n\
             gateway.service_get('my_page')",
        |this: &Arc<WebGateway>, args| {
            let name = args.text("name");
            check_name(name)?;
            let found = this.services()?.into_iter().find(|one| one.name == name);
            found.map(|one| this.service(one)).ok_or_else(|| {
                Error::new(Kind::NotFound, format!("no service '{name}' is deployed"))
                    .hint(format!("those that are: {}.services", this.base.path()))
            })
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "public_ips_set",
        &[Param::required("ips", Ty::List, "addresses of the gateway")],
        Ty::Nothing,
        "Says to which addresses the records of domains must point; summary() shows them.",
        "j.clients.webgateway.new('gateway').public_ips_set(['185.69.166.31'])",
        |this: &Arc<WebGateway>, args| {
            let wrong = || args.error("ips", "must be a list of addresses (185.69.166.31)");
            let Value::List(ips) = args.get("ips") else {
                return Err(wrong());
            };
            for ip in ips {
                let text = ip.as_str().ok_or_else(wrong)?;
                text.parse::<std::net::IpAddr>().map_err(|_| wrong())?;
            }
            this.base.set("public_ips", args.get("ips"))?;
            Ok(Value::None)
        },
    ),
];

impl Class for WebGateway {
    const NAME: &'static str = "webgateway_client";
    const DOC: &'static str = "A web gateway: domains that lead to services of one's own.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[MEMBERS, Common::<Self>::MEMBERS];
    const STORED: Option<Stored<Self>> = Common::<Self>::STORED;
}

/// A service of a gateway.
pub struct ServiceValue {
    gateway: Arc<WebGateway>,
    service: Mutex<Service>,
}

impl ServiceValue {
    fn service(&self) -> Service {
        let service = self.service.lock().unwrap_or_else(PoisonError::into_inner);
        service.clone()
    }

    fn summary(&self) -> Value {
        let service = self.service();
        let texts = |list: Vec<String>| -> Value { list.into_iter().map(Value::Str).collect() };
        let mut map: IndexMap<String, Value> = IndexMap::new();
        map.insert("name".into(), service.name.into());
        map.insert("domain".into(), service.domain.into());
        map.insert("endpoints".into(), texts(service.endpoints));
        let ips = self.gateway.base.texts("public_ips");
        map.insert("public_ips".into(), texts(ips));
        map.into()
    }
}

impl Class for ServiceValue {
    const NAME: &'static str = "webgateway_service";
    const DOC: &'static str = "A service of a web gateway: a domain, and where its requests go.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::method(
            "expose",
            &[
                Param::required("domain", Ty::Str, "the domain that leads to the endpoints"),
                Param::required(
                    "endpoints",
                    Ty::Any("list or str"),
                    "http://10.244.1.2:8080; several in turns",
                ),
            ],
            Ty::Object(class_of::<ServiceValue>),
            "Says where requests for a domain go; deploy() puts it into effect.",
            "s = j.clients.webgateway.new('gateway').service_create('my_page')\n\
             s.expose('my.example.org', ['http://10.244.1.2:8080'])",
            |this: &Arc<ServiceValue>, args| {
                let wrong = || args.error("endpoints", "must be a list of texts");
                let endpoints = match args.get("endpoints") {
                    Value::Str(one) => vec![one.clone()],
                    Value::List(list) => list
                        .iter()
                        .map(|one| one.as_str().map(String::from).ok_or_else(wrong))
                        .collect::<Result<Vec<_>>>()?,
                    _ => return Err(wrong()),
                };
                check_domain(args.text("domain"))?;
                for endpoint in &endpoints {
                    check_endpoint(endpoint)?;
                }
                let mut service = this.service.lock().unwrap_or_else(PoisonError::into_inner);
                service.domain = args.text("domain").to_owned();
                service.endpoints = endpoints;
                drop(service);
                Ok(this.clone().into())
            },
        ),
        Member::method(
            "deploy",
            &[],
            Ty::Nothing,
            "Puts the service into effect.",
            "s = gateway.service_create('my_page')\n\
             s.expose('my.example.org', 'http://10.244.1.2:8080').deploy()",
            |this: &Arc<ServiceValue>, _| {
                let (gateway, service) = (this.gateway.gateway()?, this.service());
                if service.domain.is_empty() {
                    return Err(Error::value(format!(
                        "service '{}' exposes nothing",
                        service.name
                    ))
                    .hint("first .expose('my.example.org', ['http://10.244.1.2:8080'])"));
                }
                let world = &this.gateway.base.world;
                world.block_on(gateway.deploy(&service))??;
                Ok(Value::None)
            },
        )
        .needs(Needs::NETWORK),
        Member::method(
            "delete",
            &[],
            Ty::Nothing,
            "Takes the service out of effect.",
            "s = gateway.service_create('my_page')\n\
             s.expose('my.example.org', 'http://10.244.1.2:8080').deploy()\n\
             s.delete()",
            |this: &Arc<ServiceValue>, _| {
                let (gateway, service) = (this.gateway.gateway()?, this.service());
                let world = &this.gateway.base.world;
                world.block_on(gateway.delete(&service.name))??;
                Ok(Value::None)
            },
        )
        .needs(Needs::NETWORK),
        Member::method(
            "summary",
            &[],
            Ty::Dict,
            "Name, domain, endpoints, and the addresses to which the domain must point.",
            "j.clients.webgateway.new('gateway').service_create('my_page').summary()",
            |this: &Arc<ServiceValue>, _| Ok(this.summary()),
        ),
    ]];

    fn repr(&self, _paint: Paint) -> String {
        let service = self.service();
        let to = match service.endpoints.is_empty() {
            true => "nothing yet".to_owned(),
            false => service.endpoints.join(", "),
        };
        format!("service {}: {} leads to {to}", service.name, service.domain)
    }
    fn to_json(&self) -> serde_json::Value {
        self.summary().to_json()
    }
}
