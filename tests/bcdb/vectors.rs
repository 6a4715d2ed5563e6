//! The golden scripts.
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use kosmos::schema::Value;
use kosmos::schema::db::{Database, DbError, Model};
use serde_json::{Value as Json, json};

use super::{ids, map, memory, op};

type Trace = Arc<Mutex<Vec<Json>>>;

struct Script {
    database: Arc<Database>,
    models: HashMap<String, Arc<Model>>,
    trace: Trace,
}

fn value(json: &Json) -> Value {
    Value::from_json(json.clone())
}

fn entries(json: &Json) -> kosmos::schema::Map {
    match value(json) {
        Value::Map(map) => map,
        _ => panic!("no map: {json}"),
    }
}

impl Script {
    fn step(&mut self, step: &Json) -> Result<Json, DbError> {
        let operation = step["op"].as_str().unwrap();
        let name = step["model"].as_str().unwrap_or_default();
        let args = step["args"].as_array().cloned().unwrap_or_default();
        if operation == "model" {
            let text = step["schema"].as_str().unwrap();
            let model = self.database.model_from_text(text)?;
            let sid = model.sid()?;
            self.models.insert(name.to_owned(), model);
            return Ok(json!({ "schema_id": sid }));
        }
        let pairs = |pairs: Vec<(u64, String)>| json!(pairs);
        match operation {
            "allurls" => {
                let all = self.database.iterate()?.map(|found| {
                    let (model, object) = found.unwrap();
                    (object.id().unwrap(), model.url().to_owned())
                });
                return Ok(pairs(all.collect()));
            }
            "sids" => {
                let all = self.database.sids()?.into_iter();
                return Ok(pairs(all.map(|(sid, url)| (u64::from(sid), url)).collect()));
            }
            "traced" => return Ok(Json::Array(self.trace.lock().unwrap().clone())),
            _ => {}
        }
        let model = self.models[name].clone();
        let id = |nr: usize| args[nr].as_u64().unwrap();
        Ok(match operation {
            "new" => {
                let mut object = model.new_object(&entries(&args[0]))?;
                json!(model.save(&mut object)?)
            }
            "get" => {
                let object = model.get(id(0))?;
                let mut human = object.to_human().to_json();
                human["id"] = json!(object.id());
                human
            }
            "by" => {
                let given = [(args[0].as_str().unwrap(), value(&args[1]))];
                json!(ids(&model.find(&map(&given))?))
            }
            "keys" => json!(ids(&model.find(&entries(&args[0]))?)),
            "sql" => {
                let condition = op(args[1].as_str().unwrap(), value(&args[2]));
                let given = [(args[0].as_str().unwrap(), condition)];
                json!(ids(&model.find(&map(&given))?))
            }
            "ids" => json!(model.ids(0, usize::MAX)?),
            "update" => {
                let mut object = model.get(id(0))?;
                for (name, value) in &entries(&args[1]) {
                    model.set(&mut object, name, value)?;
                }
                json!(model.save(&mut object)?)
            }
            "set" => json!(model.set_dynamic(&value(&args[1]), args[0].as_u64())?),
            "delete" => {
                model.delete(id(0))?;
                Json::Null
            }
            "delete_all" => {
                model.delete_all()?;
                Json::Null
            }
            "trace" => {
                let trace = self.trace.clone();
                model.trigger_add(Arc::new(move |_, _, action, property| {
                    trace.lock().unwrap().push(json!([action.name(), property]));
                    Ok(())
                }));
                Json::Null
            }
            other => panic!("unknown step {other}"),
        })
    }
}

#[test]
fn the_golden_scripts_run() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/vectors/schema/bcdb.json"
    );
    let golden: Json = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut checked = 0;
    for case in golden["cases"].as_array().unwrap() {
        let (_store, database) = memory();
        let mut script = Script {
            database,
            models: HashMap::new(),
            trace: Trace::default(),
        };
        for (nr, step) in case["steps"].as_array().unwrap().iter().enumerate() {
            let place = format!("{}, step {nr}: {step}", case["name"]);
            let answer = script.step(step);
            // Rules B1 and B2 are followed.
            if step.get("affected_by").is_some() {
                continue;
            }
            checked += 1;
            let recommended = &step["recommended"];
            let refused = match recommended.get("error") {
                Some(error) => error == true,
                None => recommended.is_null() && step["ok"] == false,
            };
            match answer {
                Err(error) => assert!(refused, "{place}: {error}"),
                Ok(answer) => {
                    assert!(!refused, "{place}: answered {answer}");
                    let wanted = recommended.get("result").unwrap_or(&step["result"]);
                    assert_eq!(&answer, wanted, "{place}");
                }
            }
        }
        super::good(&script.database);
    }
    assert!(checked > 70, "{checked}");
}
