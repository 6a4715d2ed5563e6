//! `j.clients.s3`: archives with the S3 protocol.
use std::path::Path;
use std::sync::Arc;

use indexmap::IndexMap;
use zeroize::Zeroizing;

use crate::grid::s3::{Object, S3, S3Error};
use crate::j::instances::{Base, Collection, Common, Config};
use crate::j::world::World;
use crate::object::bind::port;
use crate::object::{
    Args, Class, Complete, Default, Error, Kind, Member, Needs, Param, Result, Stored, Ty, Value,
};

/// The collection at `j.clients.s3`.
pub fn collection(world: &Arc<World>) -> Arc<Collection<S3Client>> {
    Collection::top(world, "j.clients.s3")
}

impl From<S3Error> for Error {
    fn from(error: S3Error) -> Self {
        let kind = match &error {
            S3Error::Web(_) | S3Error::Answer(_) => Kind::Network,
            S3Error::Refused { .. } => Kind::Refused,
            S3Error::NotFound(_) => Kind::NotFound,
            S3Error::Name(_) | S3Error::TooLarge(_) => Kind::Value,
            S3Error::File { .. } => Kind::Io,
        };
        Error::new(kind, error.to_string())
    }
}

/// An archive.
pub struct S3Client {
    base: Arc<Base>,
}

impl Config for S3Client {
    type Owner = ();
    const SCHEMA: &'static str = r#"
@url = jumpscale.s3.client
@secret = accesskey_, secretkey_
name* = "" (S)
address = "" (S)             # name or address, or http://… with or without a port
port = 9000 (I)
accesskey_ = "" (S)          # the login of the mail
secretkey_ = "" (S)          # the password of the mail
bucket = "main" (S)          # the bucket that is used without a name
bucket_ok = false (B)        # that bucket is known to be there
"#;
    const COLLECTION: &'static str = "s3";
    const COLLECTION_DOC: &'static str = "Archives with the S3 protocol, by name.";

    fn open(base: Arc<Base>, (): &()) -> Result<Self> {
        Ok(S3Client { base })
    }
    fn base(&self) -> &Arc<Base> {
        &self.base
    }
    fn changing(&self, name: &str, value: &Value) -> Result<()> {
        match (name, value) {
            ("port", Value::Int(number)) => match port(*number, 1) {
                Ok(_) => Ok(()),
                Err(what) => Err(Error::value(format!("port {what}"))),
            },
            _ => Ok(()),
        }
    }
    fn changed(&self) {
        // Of another archive, or another bucket, nothing is known.
        let _ = self.base.set("bucket_ok", &Value::Bool(false));
    }
}

impl S3Client {
    /// Scheme, host and port.
    fn endpoint(&self) -> Result<String> {
        let address = self.base.text("address");
        let address = address.trim().trim_end_matches('/');
        if address.is_empty() {
            return Err(Error::value(format!("{} has no address", self.base.path()))
                .hint("it stands in the mail: .address = 'http://10.244.1.2:9000'"));
        }
        let port = self.base.int("port");
        Ok(match address.split_once("://") {
            // An address of its own, as the mail writes it.
            Some((_, rest)) if rest.contains(':') => address.to_owned(),
            Some(("https", _)) => address.to_owned(),
            Some(_) => format!("{address}:{port}"),
            None if address.contains(':') && !address.starts_with('[') => {
                match address.matches(':').count() {
                    1 => format!("http://{address}"),
                    _ => format!("http://[{address}]:{port}"),
                }
            }
            None => format!("http://{address}:{port}"),
        })
    }

    fn archive(&self) -> Result<S3> {
        let access = Zeroizing::new(self.base.text("accesskey_"));
        let secret = Zeroizing::new(self.base.text("secretkey_"));
        let clock = self.base.world.clock();
        Ok(S3::new(&self.endpoint()?, &access, &secret, clock)?)
    }

    fn ask<T>(&self, question: impl Future<Output = std::result::Result<T, S3Error>>) -> Result<T> {
        let answer = self.base.world.block_on(question)?;
        answer.map_err(|error| {
            let hinted = matches!(error, S3Error::Web(_));
            let told = Error::from(error);
            match hinted {
                true => told.hint("archives of the grid are in its ZeroTier network: j.clients.zerotier.network_join('9bee8941b5717835')"),
                false => told,
            }
        })
    }

    /// The bucket that is meant.
    fn bucket(&self, args: &Args) -> String {
        let given = args.opt_text("bucket").filter(|name| !name.is_empty());
        given.map_or_else(|| self.base.text("bucket"), String::from)
    }

    fn upload(&self, args: &Args) -> Result<Value> {
        let archive = self.archive()?;
        let bucket = self.bucket(args);
        let meta = match args.get("meta_data") {
            Value::None => Vec::new(),
            Value::Map(map) => map.iter().map(meta).collect::<Result<Vec<_>>>()?,
            _ => return Err(args.error("meta_data", "must be a dict of texts")),
        };
        let own = bucket == self.base.text("bucket");
        let known = matches!(self.base.get("bucket_ok"), Some(Value::Bool(true)));
        if own && !known {
            // Its own bucket is made when it is first needed.
            self.ask(archive.make_bucket(&bucket))?;
            self.base.set("bucket_ok", &Value::Bool(true))?;
        }
        let file = Path::new(args.text("file"));
        let kind = args.text("content_type");
        self.ask(archive.upload(&bucket, args.text("object"), file, kind, &meta))?;
        Ok(Value::None)
    }
}

fn meta((name, value): (&String, &Value)) -> Result<(String, String)> {
    let sound = |text: &str| text.chars().all(|c| c.is_ascii_graphic() || c == ' ');
    let word = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    match value.as_str() {
        Some(text) if word && sound(text) => Ok((name.clone(), text.to_owned())),
        _ => Err(Error::value(format!(
            "meta_data '{name}': names are of letters, digits and -, values are texts of ASCII"
        ))),
    }
}

fn shown(object: Object) -> Value {
    let mut map: IndexMap<String, Value> = IndexMap::new();
    let folder = object.size.is_none();
    let text = |text: String| crate::tfchain::explorer::ServerText::new(&text).to_string();
    map.insert("name".into(), text(object.key).into());
    map.insert(
        "size".into(),
        object.size.and_then(|size| i64::try_from(size).ok()).into(),
    );
    map.insert("last_modified".into(), object.modified.map(text).into());
    map.insert("is_dir".into(), folder.into());
    map.into()
}

const BUCKET: Param = Param::required("bucket", Ty::Str, "name of the bucket");
const OBJECT: Param = Param::required("object", Ty::Str, "name of the object: its key");
const FILE: Param =
    Param::required("file", Ty::Str, "path of the file here").completed_by(Complete::File);

const MEMBERS: &[Member<S3Client>] = &[
    Member::method(
        "upload",
        &[
            BUCKET,
            OBJECT,
            FILE,
            Param::optional(
                "content_type",
                Ty::Str,
                Default::Str("text/plain"),
                "what it is",
            ),
            Param::optional(
                "meta_data",
                Ty::Any("dict"),
                Default::None,
                "texts kept with it",
            ),
        ],
        Ty::Nothing,
        "Stores a file as an object; what was stored under its name is replaced.\n\
         The bucket of the archive's own data is made when it is first needed.",
        "archive.upload('main', 'notes.txt', '/tmp/notes.txt')",
        |this: &Arc<S3Client>, args| this.upload(args),
    )
    .needs(Needs::NETWORK),
    Member::method(
        "download",
        &[BUCKET, OBJECT, FILE],
        Ty::Int,
        "Writes an object into a file; answers its bytes.",
        "archive.upload('main', 'notes.txt', '/tmp/notes.txt')\n\
             archive.download('main', 'notes.txt', '/tmp/copy.txt')",
        |this: &Arc<S3Client>, args| {
            let (archive, bucket) = (this.archive()?, this.bucket(args));
            let file = Path::new(args.text("file"));
            let size = this.ask(archive.download(&bucket, args.text("object"), file))?;
            Ok(Value::Int(i64::try_from(size).unwrap_or(i64::MAX)))
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "list_buckets",
        &[],
        Ty::List,
        "Lists the names of the buckets.",
        "archive.list_buckets()",
        |this: &Arc<S3Client>, _| {
            let archive = this.archive()?;
            let names = this.ask(archive.buckets())?;
            Ok(names.into_iter().map(Value::Str).collect())
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "list_objects",
        &[
            Param::optional(
                "bucket",
                Ty::Str,
                Default::None,
                "name of the bucket; its own without",
            ),
            Param::optional(
                "prefix",
                Ty::Str,
                Default::Str(""),
                "what their names begin with",
            ),
            Param::optional(
                "recursive",
                Ty::Bool,
                Default::Bool(false),
                "also behind slashes",
            ),
        ],
        Ty::List,
        "Lists objects as dicts: name, size, last_modified and is_dir.",
        "archive.upload('main', 'notes.txt', '/tmp/notes.txt')\n\
             archive.list_objects('main')",
        |this: &Arc<S3Client>, args| {
            let (archive, bucket) = (this.archive()?, this.bucket(args));
            let asked = archive.objects(&bucket, args.text("prefix"), args.flag("recursive"));
            Ok(this.ask(asked)?.into_iter().map(shown).collect())
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "make_bucket",
        &[BUCKET],
        Ty::Nothing,
        "Makes a bucket; one that is there is left as it is.",
        "archive.make_bucket('photos')",
        |this: &Arc<S3Client>, args| {
            let archive = this.archive()?;
            this.ask(archive.make_bucket(args.text("bucket")))
                .map(Value::from)
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "remove_bucket",
        &[BUCKET],
        Ty::Nothing,
        "Removes an empty bucket.",
        "archive.make_bucket('old-photos')\n\
             archive.remove_bucket('old-photos')",
        |this: &Arc<S3Client>, args| {
            let archive = this.archive()?;
            this.ask(archive.remove_bucket(args.text("bucket")))
                .map(Value::from)
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "remove_object",
        &[BUCKET, OBJECT],
        Ty::Nothing,
        "Removes an object.",
        "archive.upload('main', 'notes.txt', '/tmp/notes.txt')\n\
             archive.remove_object('main', 'notes.txt')",
        |this: &Arc<S3Client>, args| {
            let (archive, bucket) = (this.archive()?, this.bucket(args));
            this.ask(archive.remove_object(&bucket, args.text("object")))
                .map(Value::from)
        },
    )
    .needs(Needs::NETWORK),
];

impl Class for S3Client {
    const NAME: &'static str = "s3_client";
    const DOC: &'static str = "An archive with the S3 protocol.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[MEMBERS, Common::<Self>::MEMBERS];
    const STORED: Option<Stored<Self>> = Common::<Self>::STORED;
}
