//! What nodes and farmers tell the directory: new nodes, what is reserved and in use, new farms
//! (spec: capacity §1.2).
//!
//! A farmer shows who it is by a token of the identity service, whose place the devnet takes:
//! nodes send it as `farmer_id`, people in the header `Authorization: bearer …`, which stands for
//! the original's login.
use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use serde_json::{Map, Value as Json, json};

use super::directory::{Data, Directory, JSON, LONGEST, NOTHING, good_id};
use super::page;
use crate::devnet::http;
use crate::devnet::query::{Query, percent_decode};
use crate::grid::directory::{Farmer, Location, Node, Units, node_body};
use crate::tfchain::UnlockHash;
use crate::tfchain::explorer::ServerText;

/// What the original says to who is no farmer.
const UNAUTHORIZED: &str = "Unauthorized farmer";
/// What the original says to a body that it cannot use.
const BAD_BODY: &str = "bad request body";
/// Digits of the id of a node: a hardware address.
const NODE_ID: usize = 12;
/// Farther away than this many degrees, a place is none of those that are known.
const NEAR: f64 = 1.0;

/// Why something is not done: status and body.
struct Refusal(StatusCode, Json);

impl Refusal {
    fn errors(status: StatusCode, text: impl Into<String>) -> Self {
        Refusal(status, json!({"errors": text.into()}))
    }

    fn unauthorized() -> Self {
        Self::errors(StatusCode::FORBIDDEN, UNAUTHORIZED)
    }

    fn message(status: StatusCode, text: String) -> Self {
        Refusal(status, json!({"code": status.as_u16(), "message": text}))
    }

    fn disk(error: crate::devnet::Error) -> Self {
        Self::errors(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
    }
}

type Outcome = Result<Response, Refusal>;

impl Directory {
    /// Answers a request that changes something, or one of the pages after it; None when it is
    /// none of them.
    pub(super) async fn answer_change(&self, head: &Parts, body: Body) -> Option<Response> {
        let path = head.uri.path().trim_end_matches('/');
        let query = Query::parse(head.uri.query().unwrap_or_default());
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let outcome = match (&head.method, parts.as_slice()) {
            (&Method::POST, ["api", "nodes"]) => self.node_register(body).await,
            (&Method::PUT, ["api", "nodes", id, "reserved"]) => {
                self.reserved_update(&percent_decode(id), body).await
            }
            (&Method::PUT, ["api", "nodes", id, "actual"]) => {
                self.actual_update(&percent_decode(id), body).await
            }
            (&Method::GET, ["api", "farmer_create"]) => self.farmer_create(head, &query),
            (&Method::GET, ["api", "farmer_update"]) => self.farmer_update(head, &query),
            (&Method::GET, ["farm_registered"]) => {
                return Some(page::said("Farm", "The farm is registered."));
            }
            (&Method::GET, ["farm_updated"]) => {
                return Some(page::said("Farm", "The farm is changed."));
            }
            _ => return None,
        };
        Some(outcome.unwrap_or_else(|Refusal(status, body)| {
            http::answer(status, JSON, format!("{body}\n"))
        }))
    }

    /// The farm that a token speaks for.
    fn farm_of(&self, token: &str) -> Result<Farmer, Refusal> {
        let organizations = self.service().organizations(token, self.now());
        let mut farms = organizations.iter().filter_map(|id| self.farmer(id));
        farms.next().ok_or_else(Refusal::unauthorized)
    }

    async fn node_register(&self, body: Body) -> Outcome {
        let mut map = read(body).await?;
        let farmer = self.farm_of(&take_token(&mut map))?;
        let bad = |why: &dyn std::fmt::Display| {
            let why = ServerText::new(&why.to_string());
            Refusal::errors(StatusCode::BAD_REQUEST, format!("{BAD_BODY}: {why}"))
        };
        let node: Node = serde_json::from_value(Json::Object(map)).map_err(|e| bad(&e))?;
        let digits = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if node.node_id.len() != NODE_ID || !node.node_id.bytes().all(digits) {
            return Err(bad(&format!(
                "node_id '{}' is no hardware address: expected {NODE_ID} digits of 0-9 and a-f",
                node.node_id
            )));
        }
        let id = node.node_id.clone();
        self.change(|data, updated| {
            let known = data.nodes.iter_mut().find(|one| one.node_id == id);
            if known
                .as_ref()
                .is_some_and(|one| one.farmer_id != farmer.iyo_organization)
            {
                return Err(Refusal::unauthorized());
            }
            let earlier = known.as_deref();
            let node = Node {
                farmer_id: farmer.iyo_organization.clone(),
                location: farmer.location.clone().or(node.location),
                reserved_resources: node
                    .reserved_resources
                    .or_else(|| earlier?.reserved_resources),
                used_resources: node.used_resources.or_else(|| earlier?.used_resources),
                updated,
                ..node
            };
            match known {
                Some(place) => *place = node,
                None => data.nodes.push(node),
            }
            Ok(())
        })?;
        let shown = self.node(&id).ok_or_else(unknown)?;
        Ok(http::answer(StatusCode::CREATED, JSON, node_body(&shown)))
    }

    async fn reserved_update(&self, id: &str, body: Body) -> Outcome {
        let units = units(read(body).await?)?;
        self.node_change(id, |node| {
            node.reserved_resources = Some(units);
            Ok(())
        })
    }

    async fn actual_update(&self, id: &str, body: Body) -> Outcome {
        let mut map = read(body).await?;
        let farmer = self.farm_of(&take_token(&mut map))?;
        let units = units(map)?;
        self.node_change(id, |node| {
            if node.farmer_id != farmer.iyo_organization {
                return Err(Refusal::unauthorized());
            }
            node.used_resources = Some(units);
            Ok(())
        })
    }

    fn node_change(
        &self,
        id: &str,
        change: impl FnOnce(&mut Node) -> Result<(), Refusal>,
    ) -> Outcome {
        self.change(|data, updated| {
            let node = data.nodes.iter_mut().find(|node| node.node_id == id);
            let node = node.ok_or_else(unknown)?;
            change(node)?;
            node.updated = updated;
            Ok(())
        })?;
        let mut answer = Response::new(Body::empty());
        *answer.status_mut() = StatusCode::NO_CONTENT;
        Ok(answer)
    }

    /// Whoever asks must have a token of the organization that the query names.
    fn may(&self, head: &Parts, organization: &str) -> Result<(), Refusal> {
        let given = head.headers.get(header::AUTHORIZATION);
        let given = given
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let token = match given.split_once(' ') {
            Some((word, token)) if word.eq_ignore_ascii_case("bearer") => token.trim(),
            _ => "",
        };
        let all = self.service().organizations(token, self.now());
        match all.iter().any(|one| one == organization) {
            true => Ok(()),
            false => Err(Refusal::unauthorized()),
        }
    }

    fn farmer_create(&self, head: &Parts, query: &Query) -> Outcome {
        let (organization, name) = (query.get("organization"), query.get("name"));
        for (what, value) in [("organization", organization), ("name", name)] {
            if !good_id(value) {
                return Err(wrong(format!(
                    "{what}: expected 1 to {LONGEST} characters, without '/'"
                )));
            }
        }
        self.may(head, organization)?;
        let wallet_addresses = match query.get("walletAddress") {
            "" => Vec::new(),
            text => vec![wallet(text)?],
        };
        self.change(|data, _| {
            let farmer = Farmer {
                iyo_organization: organization.to_owned(),
                location: location(data, query)?,
                name: name.to_owned(),
                wallet_addresses,
            };
            let mut farmers = data.farmers.iter_mut();
            match farmers.find(|one| one.iyo_organization == organization) {
                // As in the original: who registers again replaces what was there.
                Some(place) => *place = farmer,
                None => data.farmers.push(farmer),
            }
            Ok(())
        })?;
        Ok(moved("/farm_registered"))
    }

    fn farmer_update(&self, head: &Parts, query: &Query) -> Outcome {
        let organization = query.get("organization");
        self.may(head, organization)?;
        let name = query.get("name");
        if !name.is_empty() && !good_id(name) {
            return Err(wrong(format!(
                "name: expected at most {LONGEST} characters, without '/'"
            )));
        }
        let address = match query.get("walletAddress") {
            "" => None,
            text => Some(wallet(text)?),
        };
        self.change(|data, _| {
            let place = location(data, query)?;
            let mut farmers = data.farmers.iter_mut();
            let farmer = farmers.find(|one| one.iyo_organization == organization);
            let farmer = farmer.ok_or_else(|| {
                let shown = ServerText::new(organization);
                let text = format!("itsyou.online organization: {shown} not found.");
                Refusal::message(StatusCode::NOT_FOUND, text)
            })?;
            if !name.is_empty() {
                name.clone_into(&mut farmer.name);
            }
            if place.is_some() {
                farmer.location = place;
            }
            if let Some(address) = address.filter(|one| !farmer.wallet_addresses.contains(one)) {
                farmer.wallet_addresses.push(address);
            }
            Ok(())
        })?;
        Ok(moved("/farm_updated"))
    }

    /// Changes what is kept; on disk before it counts.
    fn change(
        &self,
        change: impl FnOnce(&mut Data, String) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let updated = http_date(self.now());
        let mut data = self.data();
        let mut next = data.clone();
        change(&mut next, updated)?;
        self.store(&next).map_err(Refusal::disk)?;
        *data = next;
        Ok(())
    }
}

/// A time as HTTP writes it.
pub(super) fn http_date(seconds: u64) -> String {
    let at = i64::try_from(seconds).ok();
    let at = at.and_then(|at| jiff::Timestamp::from_second(at).ok());
    at.map_or_else(String::new, |at| {
        at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    })
}

fn unknown() -> Refusal {
    // The body of every look-up that finds nothing.
    Refusal(
        StatusCode::NOT_FOUND,
        serde_json::from_str(NOTHING).unwrap_or_default(),
    )
}

fn wrong(text: String) -> Refusal {
    Refusal::message(StatusCode::BAD_REQUEST, text)
}

async fn read(body: Body) -> Result<Map<String, Json>, Refusal> {
    let bad = |why: &str| Refusal::errors(StatusCode::BAD_REQUEST, format!("{BAD_BODY}: {why}"));
    let bytes = http::read_body(body)
        .await
        .map_err(|_| bad("it is too large or did not arrive"))?;
    serde_json::from_slice(&bytes).map_err(|_| bad("it is no JSON object"))
}

fn take_token(map: &mut Map<String, Json>) -> String {
    match map.shift_remove("farmer_id") {
        Some(Json::String(token)) => token,
        _ => String::new(),
    }
}

fn units(map: Map<String, Json>) -> Result<Units, Refusal> {
    serde_json::from_value(Json::Object(map))
        .map_err(|_| Refusal::errors(StatusCode::BAD_REQUEST, BAD_BODY))
}

fn wallet(text: &str) -> Result<String, Refusal> {
    let address = text.parse::<UnlockHash>();
    let address = address.map_err(|e| {
        let shown = ServerText::new(text);
        wrong(format!("walletAddress: '{shown}' is no address: {e}"))
    })?;
    Ok(address.to_string())
}

/// The place that `farmAddress`, `lat,lng`, names. The names of the place are those that the query
/// gives (`city`, `country`, `continent`), else those of a farm nearby: a devnet knows no map.
fn location(data: &Data, query: &Query) -> Result<Option<Location>, Refusal> {
    let address = query.get("farmAddress");
    if address.is_empty() {
        return Ok(None);
    }
    let degrees = |text: &str, most: f64| {
        let number = text.trim().parse::<f64>().ok();
        number.filter(|number| (-most..=most).contains(number))
    };
    let found = address
        .split_once(',')
        .and_then(|(lat, lng)| Some((degrees(lat, 90.0)?, degrees(lng, 180.0)?)));
    let Some((latitude, longitude)) = found else {
        let shown = ServerText::new(address);
        return Err(wrong(format!("incorrect farm address {shown}")));
    };
    let known = data
        .farmers
        .iter()
        .filter_map(|farmer| farmer.location.as_ref());
    let distance = |place: &Location| {
        (place.latitude - latitude)
            .abs()
            .max((place.longitude - longitude).abs())
    };
    let near = known
        .filter(|place| place.has_coordinates() && distance(place) <= NEAR)
        .min_by(|a, b| distance(a).total_cmp(&distance(b)));
    let name = |name: &str, of: fn(&Location) -> &String| {
        let given: String = query.get(name).chars().take(LONGEST).collect();
        match (given.is_empty(), near) {
            (true, Some(place)) => of(place).clone(),
            _ => ServerText::new(&given).to_string(),
        }
    };
    Ok(Some(Location {
        city: name("city", |place| &place.city),
        continent: name("continent", |place| &place.continent),
        country: name("country", |place| &place.country),
        latitude,
        longitude,
    }))
}

fn moved(to: &'static str) -> Response {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = StatusCode::FOUND;
    let headers = answer.headers_mut();
    headers.insert(header::LOCATION, HeaderValue::from_static(to));
    answer
}
