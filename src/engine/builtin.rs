//! What help and completion know of Rhai's own types and of the functions every input can call.
//! Only names and words stand here; what they do is rhai's or in `natives`.
use crate::object::{
    Class, ClassInfo, Default, Member, MemberInfo, Param, Result, Ty, Value, class_of as info_of,
};

/// What `help()` prints.
pub const WELCOME: &str = "\
Everything hangs on one tree, j. Explore it with Tab and ?:

  j.<Tab>                        what there is
  j.clients.tfchain?             what a thing is and can do
  help(j.clients.tfchain.new)    the same as a function

A first wallet on a chain that runs on this machine:

  j.devnet.start()
  c = j.clients.tfchain.new('my_client', network_type='DEV')
  w = c.wallets.new('my_wallet')
  c.faucet_request(w.address)
  w.balance
  w.save()
  c.save()

Keyword arguments, single quotes, True and bare assignment work as in Python; blocks use braces as
in Rhai. Variables are gone after exit(); what was saved with .save() is there again.
";

/// Tables of names need a function each; none of these is ever called.
fn never<T>(_: &std::sync::Arc<T>, _: &crate::object::Args) -> Result<Value> {
    Ok(Value::None)
}

macro_rules! table {
    ($struct:ident, $name:literal, $doc:literal, [$($method:literal ($($param:literal),*) $text:literal),* $(,)?]) => {
        struct $struct;
        impl Class for $struct {
            const NAME: &'static str = $name;
            const DOC: &'static str = $doc;
            const MEMBERS: &'static [&'static [Member<Self>]] = &[&[$(
                Member::method(
                    $method,
                    &[$(Param::optional($param, Ty::Any("any"), Default::Required, "")),*],
                    Ty::Any("any"),
                    $text,
                    "",
                    never,
                )
            ),*]];
        }
    };
}

table!(Text, "str", "Text.", [
    "contains"("part") "True when the part is in it.",
    "endswith"("end") "True when it ends with that.",
    "index_of"("part") "The place of the first occurrence, -1 when there is none.",
    "is_empty"() "True when it has no characters.",
    "join"("list") "The items of a list, with this text between them.",
    "len"() "Number of characters.",
    "lower"() "In small letters.",
    "replace"("old", "new") "With all occurrences replaced.",
    "split"("separator") "The parts between the separators.",
    "startswith"("start") "True when it starts with that.",
    "strip"() "Without white space at both ends.",
    "sub_string"("start", "length") "A part of it.",
    "upper"() "In capital letters.",
]);
table!(ListType, "list", "A list.", [
    "append"("item") "Adds an item at the end.",
    "contains"("item") "True when the item is in it.",
    "extend"("list") "Adds the items of another list at the end.",
    "filter"("condition") "The items for which a closure answers true.",
    "find"("condition") "The first item for which a closure answers true.",
    "index_of"("item") "The place of an item, -1 when it is not in it.",
    "insert"("place", "item") "Adds an item at a place.",
    "len"() "Number of items.",
    "map"("change") "The answers of a closure for each item.",
    "pop"() "Takes the last item away and answers it.",
    "push"("item") "Adds an item at the end.",
    "remove"("place") "Takes the item at a place away and answers it.",
    "reverse"() "Turns the order round.",
    "sort"() "Puts the items in order.",
]);
table!(DictType, "dict", "A map with text keys, sorted by key.", [
    "clear"() "Takes everything away.",
    "contains"("key") "True when there is such a key.",
    "get"("key", "other") "The value of a key, else the other one, else None.",
    "items"() "Pairs of key and value.",
    "keys"() "The keys.",
    "len"() "Number of keys.",
    "remove"("key") "Takes a key away and answers its value.",
    "values"() "The values.",
]);
table!(Number, "int", "A number.", [
    "abs"() "Without its sign.",
    "max"("other") "The larger of two.",
    "min"("other") "The smaller of two.",
    "to_float"() "The same as a number with a point.",
    "to_string"() "Its text.",
]);
table!(BytesType, "bytes", "Raw bytes.", [
    "decode"() "The text they are in UTF-8.",
    "hex"() "In hexadecimal digits.",
    "len"() "Number of bytes.",
]);
table!(Other, "value", "A value without members.", []);
table!(Functions, "functions", "Functions every input can call.", [
    "assert"("condition", "message") "Fails with the message unless the condition is true.",
    "bool"("value") "True unless it is None, zero or empty.",
    "dir"("value") "The names that can stand after its dot.",
    "exit"("code") "Leaves the shell.",
    "float"("value") "A number with a point.",
    "help"("value") "Explains a value or method.",
    "int"("value") "A whole number.",
    "len"("value") "Number of items or characters.",
    "list"("value") "Its items as a list.",
    "print"("value") "Prints values with blanks between them.",
    "quit"("code") "Leaves the shell.",
    "range"("end") "The numbers from 0 up to the end.",
    "repr"("value") "Its text as the prompt shows it.",
    "str"("value") "Its text.",
    "sum"("list") "The sum of the items.",
    "type"("value") "The name of its type.",
]);

/// The class of a plain value.
pub fn class_of(value: &Value) -> ClassInfo {
    match value {
        Value::Str(_) => info_of::<Text>(),
        Value::List(_) => info_of::<ListType>(),
        Value::Map(_) => info_of::<DictType>(),
        Value::Int(_) | Value::Float(_) => info_of::<Number>(),
        Value::Bytes(_) => info_of::<BytesType>(),
        Value::Object(object) => object.class(),
        Value::None | Value::Bool(_) | Value::Function(_) => info_of::<Other>(),
    }
}

/// All functions.
pub fn functions() -> Vec<&'static MemberInfo> {
    (info_of::<Functions>().members)()
}

/// A function by name.
pub fn function(name: &str) -> Option<&'static MemberInfo> {
    functions().into_iter().find(|f| f.name == name)
}
