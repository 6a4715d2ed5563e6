//! Virtual machines of a node: `vm.hypervisor`. What has more choices is in `vm.client.kvm`.
use std::sync::Arc;

use serde_json::{Map, Value as Json, json};

use super::core::{Core, not_found};
use super::storagepools::ask;
use crate::object::{
    Class, Default, Member, Needs, Paint, Param, Result, Ty, Value, class_of, similar,
};
use crate::zos::plain;

/// The virtual machines of a node.
pub struct Hypervisor(Arc<Core>);

impl Hypervisor {
    /// Of this node.
    pub fn value(core: &Arc<Core>) -> Value {
        Value::object(Hypervisor(core.clone()))
    }

    fn all(&self) -> Result<Vec<Arc<Machine>>> {
        let listed = ask(&self.0, "kvm.list", json!({}))?;
        let machines = listed.as_array().into_iter().flatten().map(|facts| {
            Arc::new(Machine {
                core: self.0.clone(),
                facts: facts.clone(),
            })
        });
        Ok(machines.collect())
    }

    fn get(&self, name: &str) -> Result<Value> {
        let all = self.all()?;
        match all.iter().find(|machine| machine.text("name") == name) {
            Some(machine) => Ok(machine.clone().into()),
            None => {
                let names: Vec<String> = all.iter().map(|machine| machine.text("name")).collect();
                let error = not_found(format!("there is no virtual machine '{name}'"));
                Err(similar::hinted(
                    error,
                    name,
                    names.iter().map(String::as_str),
                ))
            }
        }
    }
}

impl Class for Hypervisor {
    const NAME: &'static str = "Hypervisor";
    const DOC: &'static str = "The virtual machines of a node.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::method(
            "list",
            &[],
            Ty::List,
            "Lists the virtual machines.",
            "vm.hypervisor.list()",
            |this: &Arc<Self>, _| Ok(this.all()?.into_iter().map(Value::from).collect()),
        )
        .needs(Needs::NETWORK),
        Member::method(
            "get",
            &[Param::required("name", Ty::Str, "its name")],
            Ty::Object(class_of::<Machine>),
            "Answers a virtual machine by its name.",
            "vm.hypervisor.get('box')",
            |this: &Arc<Self>, args| this.get(args.text("name")),
        )
        .needs(Needs::NETWORK),
        Member::method(
            "create",
            &[
                Param::required("name", Ty::Str, "its name"),
                Param::required("flist", Ty::Str, "address of the flist it starts from"),
                Param::optional("vcpus", Ty::Int, Default::Int(2), "number of processors"),
                Param::optional("memory", Ty::Int, Default::Int(2048), "MiB of memory"),
            ],
            Ty::Object(class_of::<Machine>),
            "Makes a virtual machine and starts it.",
            "vm.hypervisor.create('box', flist)",
            |this: &Arc<Self>, args| {
                let client = this.0.client()?;
                let given = json!({"name": args.text("name"), "flist": args.text("flist"),
                    "cpu": args.opt_int("vcpus"), "memory": args.opt_int("memory"),
                    "nics": [{"type": "default"}]});
                let given: Map<String, Json> = given.as_object().cloned().unwrap_or_default();
                let request = client
                    .listed("kvm", "create", &given)
                    .map_err(|error| this.0.explain(error))?;
                this.0.ask(client.json(request))?;
                this.get(args.text("name"))
            },
        )
        .needs(Needs::NETWORK),
    ]];
}

/// A virtual machine of a node.
pub struct Machine {
    core: Arc<Core>,
    facts: Json,
}

impl Machine {
    fn text(&self, key: &str) -> String {
        self.facts[key].as_str().unwrap_or_default().to_string()
    }

    fn tell(&self, command: &str) -> Result<Value> {
        ask(&self.core, command, json!({"uuid": self.text("uuid")})).map(|_| Value::None)
    }
}

/// A member that tells the machine one thing.
macro_rules! told {
    ($name:literal, $doc:literal, $example:literal) => {
        Member::method(
            $name,
            &[],
            Ty::Nothing,
            $doc,
            $example,
            |this: &Arc<Machine>, _| this.tell(concat!("kvm.", $name)),
        )
        .needs(Needs::NETWORK)
    };
}

impl Class for Machine {
    const NAME: &'static str = "VirtualMachine";
    const DOC: &'static str = "A virtual machine of a node.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::property(
            "name",
            Ty::Str,
            "Its name.",
            "vm.hypervisor.get('box').name",
            |this: &Arc<Self>, _| Ok(this.text("name").into()),
        ),
        Member::property(
            "uuid",
            Ty::Str,
            "Its id.",
            "vm.hypervisor.get('box').uuid",
            |this: &Arc<Self>, _| Ok(this.text("uuid").into()),
        ),
        Member::property(
            "state",
            Ty::Str,
            "How it was when it was looked up.",
            "vm.hypervisor.get('box').state",
            |this: &Arc<Self>, _| Ok(this.text("state").into()),
        ),
        told!(
            "destroy",
            "Ends it at once; what is in memory is lost.",
            "vm.hypervisor.get('box').destroy()"
        ),
        told!(
            "shutdown",
            "Asks it to end.",
            "vm.hypervisor.get('box').shutdown()"
        ),
        told!(
            "reboot",
            "Asks it to start again.",
            "vm.hypervisor.get('box').reboot()"
        ),
        told!(
            "reset",
            "Starts it again at once.",
            "vm.hypervisor.get('box').reset()"
        ),
        told!(
            "pause",
            "Stops it where it is.",
            "vm.hypervisor.get('box').pause()"
        ),
        told!(
            "resume",
            "Lets it go on.",
            "vm.hypervisor.get('box').resume()"
        ),
    ]];

    fn repr(&self, _paint: Paint) -> String {
        format!("VirtualMachine <{}>", plain::line(&self.text("name"), 80))
    }
    fn to_json(&self) -> Json {
        self.facts.clone()
    }
}
