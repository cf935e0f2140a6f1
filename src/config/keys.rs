//! Every setting with its type, default and description, each in one place.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

use url::Url;

use super::place;

/// One setting as `frontdesk config show` prints it.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Dotted name in `frontdesk.toml`, for example `chat.model`.
    pub name: &'static str,
    /// What it does, its unit and its default.
    pub doc: &'static str,
}

impl Key {
    /// The environment variable that sets it, for example `FRONTDESK_CHAT_MODEL`.
    pub fn variable(&self) -> String {
        format!("FRONTDESK_{}", self.name.replace('.', "_").to_uppercase())
    }
}

/// A type that settings can have.
pub(super) trait Setting: Sized {
    /// Describes a valid value, for error messages.
    const EXPECTED: &'static str;
    fn parse(text: &str) -> Option<Self>;
    fn show(&self) -> String;
}

macro_rules! setting_by_from_str {
    ($type:ty, $expected:literal) => {
        impl Setting for $type {
            const EXPECTED: &'static str = $expected;
            fn parse(text: &str) -> Option<Self> {
                text.trim().parse().ok()
            }
            fn show(&self) -> String {
                self.to_string()
            }
        }
    };
}
setting_by_from_str!(SocketAddr, "an address and port such as 127.0.0.1:8080");
setting_by_from_str!(u16, "a whole number from 0 to 65535");
setting_by_from_str!(u32, "a whole number");
setting_by_from_str!(u64, "a whole number");
setting_by_from_str!(f32, "a number such as 0.35");
setting_by_from_str!(bool, "true or false");

impl Setting for String {
    const EXPECTED: &'static str = "a text in quotes";
    fn parse(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
    fn show(&self) -> String {
        self.clone()
    }
}

impl Setting for PathBuf {
    const EXPECTED: &'static str = "a path in quotes";
    fn parse(text: &str) -> Option<Self> {
        (!text.trim().is_empty()).then(|| PathBuf::from(text))
    }
    fn show(&self) -> String {
        self.display().to_string()
    }
}

/// A setting whose values are words.
macro_rules! setting_by_word {
    ($(#[$doc:meta])* $type:ident, $expected:literal: $( $(#[$of:meta])* $variant:ident = $word:literal ),+) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $type { $( $(#[$of])* $variant, )+ }

        impl Setting for $type {
            const EXPECTED: &'static str = $expected;
            fn parse(text: &str) -> Option<Self> {
                match text.trim() {
                    $( $word => Some(Self::$variant), )+
                    _ => None,
                }
            }
            fn show(&self) -> String {
                match self { $( Self::$variant => $word.to_owned(), )+ }
            }
        }
    };
}
setting_by_word!(
    /// Whether owners and admins must sign in with a second factor.
    SecondFactor, "optional or required":
    /// Each person decides.
    Optional = "optional",
    /// They can do nothing else until they have set it up.
    Required = "required"
);
setting_by_word!(
    /// Where the certificate comes from.
    HttpsMode, "auto, files, acme or private":
    /// From files if they are named, else by the kind of the names.
    Auto = "auto",
    Files = "files",
    /// An authority on the internet.
    Acme = "acme",
    /// An authority of this server's own.
    Private = "private"
);
setting_by_word!(
    /// Whether browsers are told to use HTTPS only.
    HttpsHsts, "auto, on or off":
    /// If browsers trust the certificate.
    Auto = "auto",
    On = "on",
    Off = "off"
);

/// An address to listen on, or nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listen(pub Option<SocketAddr>);

impl Setting for Listen {
    const EXPECTED: &'static str = "an address and port such as 0.0.0.0:80, or none";
    fn parse(text: &str) -> Option<Self> {
        match text.trim() {
            "none" => Some(Self(None)),
            address => address.parse().ok().map(|address| Self(Some(address))),
        }
    }
    fn show(&self) -> String {
        self.0
            .map_or_else(|| "none".to_owned(), |address| address.to_string())
    }
}

/// The address by which people reach this server, such as `https://desk.example.com`, or nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PublicUrl(pub Option<String>);

impl Setting for PublicUrl {
    const EXPECTED: &'static str =
        "an address without a path such as https://desk.example.com, or nothing";
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() {
            return Some(Self(None));
        }
        let url = Url::parse(text).ok()?;
        let web = matches!(url.scheme(), "http" | "https") && url.has_host();
        // Pages name their parts from the root, so a front desk cannot live below a path.
        let bare = url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        (web && bare).then(|| Self(Some(url.origin().ascii_serialization())))
    }
    fn show(&self) -> String {
        self.0.clone().unwrap_or_default()
    }
}

/// Names of models that stand for others, such as `text-embedding-3-small=default, gpt-*=assistant:desk`. A `*` at the end of a
/// name stands for anything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Aliases(Vec<(String, String)>);

impl Aliases {
    /// The name that `asked` stands for, or `asked` itself. An exact name goes before one with `*`, a longer one of those before
    /// a shorter.
    pub fn resolve<'a>(&'a self, asked: &'a str) -> &'a str {
        let fits = |(name, _): &&(String, String)| match name.strip_suffix('*') {
            Some(start) => asked.starts_with(start),
            None => name == asked,
        };
        let rank = |(name, _): &&(String, String)| (!name.ends_with('*'), name.len());
        let found = self.0.iter().filter(fits).max_by_key(rank);
        found.map_or(asked, |(_, target)| target.as_str())
    }

    /// Those without a `*`, with what they stand for.
    pub fn exact(&self) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.0.iter().filter(|(name, _)| !name.ends_with('*'));
        pairs.map(|(name, target)| (name.as_str(), target.as_str()))
    }
}

impl Setting for Aliases {
    const EXPECTED: &'static str =
        "pairs such as text-embedding-3-small=default, separated by commas";
    fn parse(text: &str) -> Option<Self> {
        let pairs = text
            .split(',')
            .map(str::trim)
            .filter(|pair| !pair.is_empty());
        let parsed = pairs.map(|pair| {
            let (name, target) = pair.split_once('=')?;
            let (name, target) = (name.trim(), target.trim());
            let stars = name.matches('*').count();
            let good = !name.is_empty()
                && !target.is_empty()
                && !target.contains('*')
                && (stars == 0 || stars == 1 && name.ends_with('*'));
            good.then(|| (name.to_owned(), target.to_owned()))
        });
        parsed.collect::<Option<_>>().map(Self)
    }
    fn show(&self) -> String {
        let pairs = self
            .0
            .iter()
            .map(|(name, target)| format!("{name}={target}"));
        pairs.collect::<Vec<_>>().join(", ")
    }
}

/// All addresses of this machine, of both families.
const fn everywhere(port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), port)
}

macro_rules! settings {
    ($( $field:ident : $type:ty = $default:expr, $name:literal, $doc:literal; )*) => {
        /// All settings after merging defaults, file, environment and command line.
        #[derive(Debug, Clone, PartialEq)]
        pub struct Config {
            $( #[doc = $doc] pub $field: $type, )*
            /// Remarks for the owner, one sentence each.
            pub notes: Vec<String>,
            /// The settings file, if there is one.
            pub file: Option<PathBuf>,
        }

        /// In display order.
        pub const KEYS: &[Key] = &[ $( Key { name: $name, doc: $doc }, )* ];

        impl Default for Config {
            fn default() -> Self {
                Self { $( $field: $default, )* notes: Vec::new(), file: None }
            }
        }

        impl Config {
            /// Sets a key from text; `Err` describes a valid value.
            pub(super) fn set(&mut self, name: &str, text: &str) -> Result<(), &'static str> {
                match name {
                    $( $name => {
                        self.$field = <$type as Setting>::parse(text)
                            .ok_or(<$type as Setting>::EXPECTED)?;
                        Ok(())
                    } )*
                    _ => Err("a known key"),
                }
            }

            /// The value of a key as text; `None` for an unknown key.
            pub fn show(&self, name: &str) -> Option<String> {
                match name {
                    $( $name => Some(Setting::show(&self.$field)), )*
                    _ => None,
                }
            }
        }
    };
}

settings! {
    listen: SocketAddr = SocketAddr::from(([127, 0, 0, 1], 8080)), "listen",
        "Address and port of the web server. Only this machine can reach 127.0.0.1; use 0.0.0.0:8080 to serve the network.";
    public_url: PublicUrl = PublicUrl::default(), "public.url",
        "Address by which people reach this server, if a proxy that is not Frontdesk's own stands in front of it: `https://desk.example.com`. It is written into links, e-mails and the line for websites. Without it that is the first of https.names, or else the address that the browser used.";
    kommo_server: PublicUrl = PublicUrl::default(), "kommo.server",
        "Address of a program that takes the place of Kommo, for trials and tests; its machine must be listed in egress.allow. Without it, Kommo itself is asked.";
    https_names: String = String::new(), "https.names",
        "Names that visitors reach this server by, separated by commas: desk.example.com. With a name it serves HTTPS.";
    https_mode: HttpsMode = HttpsMode::Auto, "https.mode",
        "Where the certificate comes from: files (https.certificate and https.key), acme (an authority on the internet, free of charge), private (an authority of its own, for a local network), or auto: files if they are named, acme for names and addresses of the internet, private for those of local networks.";
    https_certificate: PathBuf = PathBuf::new(), "https.certificate",
        "PEM file of your own certificate, with those that vouch for it after it. It is read again when it changes.";
    https_key: PathBuf = PathBuf::new(), "https.key",
        "PEM file of the key of that certificate, without a passphrase.";
    https_listen: SocketAddr = everywhere(443), "https.listen",
        "Address and port for HTTPS.";
    https_redirect: Listen = Listen(Some(everywhere(80))), "https.redirect",
        "Address and port for visitors who come without HTTPS, who are sent on, and for the authority's check; none: neither.";
    https_hsts: HttpsHsts = HttpsHsts::Auto, "https.hsts",
        "Whether browsers are told for a year to use HTTPS only: on, off, or auto: if a public authority vouches for the certificate.";
    https_acme_directory: String = "https://acme-v02.api.letsencrypt.org/directory".into(), "https.acme_directory",
        "Directory of the authority on the internet (ACME). Default: Let's Encrypt.";
    https_acme_email: String = String::new(), "https.acme_email",
        "Address at which that authority may write to you.";
    https_acme_root: PathBuf = PathBuf::new(), "https.acme_root",
        "PEM file of the certificates that vouch for the authority's own server, if it is one of your own network.";
    data_dir: PathBuf = place::data_dir(), "data",
        "Folder of the encrypted store. Default: the user's data folder, or the service's state folder.";
    models_dir: PathBuf = place::cache_dir().join("models"), "models.dir",
        "Folder of the model files. Default: the user's cache folder.";
    models_verify: bool = true, "models.verify",
        "Check a model file's SHA-256 before it is used for the first time, and again when it changes.";
    chat_model: String = "auto".into(), "chat.model",
        "Chat model by catalogue name, or auto: the best model of the starter sets that is installed and fits in memory.";
    chat_context: u32 = 4096, "chat.context",
        "Maximum tokens of one conversation, prompt and answer together.";
    chat_cells: u32 = 16384, "chat.cells",
        "Tokens that all conversations together keep in the key-value cache. 28 KB each for the 1.5B starter model.";
    chat_parallel: u16 = 8, "chat.parallel",
        "Answers generated at the same time; more wait in the queue.";
    chat_queue: u16 = 64, "chat.queue",
        "Requests that may wait for the language model before new ones are refused.";
    chat_max_tokens: u32 = 512, "chat.max_tokens",
        "Maximum tokens of an answer if the request does not set a limit.";
    chat_gpu_layers: u32 = 0, "chat.gpu_layers",
        "Layers of the chat model that a GPU build puts on the GPU.";
    embed_model: String = "multilingual-e5-small-q4".into(), "embed.model",
        "Embedding model by catalogue name.";
    reader_model: String = "auto".into(), "reader.model",
        "Reader, the model that marks the words of the answer, by catalogue name, or the path of an ONNX model of SQuAD 2.0 or its folder, with tokenizer.json; auto: the starter model, if it is installed, which also goes on if another one fails; none: the language model judges alone, slowly. The old name of this setting is rerank.model.";
    speech_model: String = "whisper-tiny.en".into(), "speech.model",
        "Whisper model for English recordings, by catalogue name.";
    speech_multilingual: String = "whisper-base".into(), "speech.multilingual",
        "Whisper model for other languages, by catalogue name.";
    voice_model: String = "auto".into(), "voice.model",
        "Voice that speaks, by catalogue name; auto: the starter voice, if it is installed; none: no spoken answers.";
    voice_turn_model: String = "smart-turn-v3.2".into(), "voice.turn_model",
        "Model that tells whether a caller has finished, by catalogue name; none: the length of the pause decides.";
    voice_sessions: u16 = 0, "voice.sessions",
        "Maximum voice sessions at a time; further callers hear that all lines are busy, and one extra place is kept for the kiosk. 0 measures at the start how many this machine can handle: as many as it can transcribe within 1.5 s when all callers finish speaking at once.";
    threads: u16 = 0, "threads",
        "Threads of each engine; 0 takes the number of cores, at most 8.";
    spin: u32 = 700, "engine.spin",
        "How long engine threads spin at a barrier before they sleep (OpenMP spin count). 700 costs little alone and keeps nearly half of the speed beside a busy program; see BENCHMARKS.md.";
    upload_max_bytes: u64 = 64 << 20, "upload.max_bytes",
        "Largest document in bytes.";
    audio_max_bytes: u64 = 256 << 20, "audio.max_bytes",
        "Largest recording in bytes.";
    audio_max_seconds: u32 = 7200, "audio.max_seconds",
        "Longest recording in seconds.";
    extract_seconds: u32 = 60, "extract.seconds",
        "CPU seconds that reading one document may take.";
    extract_memory_mb: u32 = 1024, "extract.memory_mb",
        "Memory in MB that reading one document may take.";
    key_source: String = "auto".into(), "key.source",
        "Where the store's key comes from: auto (service credential, else passphrase variable, else key file), credential, passphrase, file.";
    key_file: PathBuf = PathBuf::new(), "key.file",
        "The key file. Default: master.key in the data folder. Keep it on another disk for real protection.";
    backup_dir: PathBuf = PathBuf::new(), "backup.dir",
        "Folder of the backups. Default: backups in the data folder. Name one on another disk or machine (a mounted share) for real protection.";
    backup_hours: u32 = 24, "backup.hours",
        "Hours from one backup to the next; 0: no automatic backups. Needs a recovery key: frontdesk backup recovery-key.";
    backup_days: u32 = 21, "backup.days",
        "Days that backups are kept. A person who asks to be erased is gone from all backups after this many days.";
    accounts_second_factor: SecondFactor = SecondFactor::Optional, "accounts.second_factor",
        "Second factor at sign-in, a code from an app: optional, or required for owners and admins, who are then asked to set it up.";
    log: String = "info".into(), "log",
        "What is logged: error, warn, info, debug, or a filter such as frontdesk=debug.";
    egress_web: bool = true, "egress.web",
        "Fetch web pages that owners name as sources. Off: no page is ever fetched. Copies of backups continue, if a target for them is set up; sealed stops those too.";
    sealed: bool = false, "sealed",
        "Nothing leaves this machine: no web pages, no copies of backups, no models, and the kernel blocks every connection that the server tries to open. For machines that stay offline for good.";
    egress_allow: String = String::new(), "egress.allow",
        "Your own machines that may be reached although they are not on the public internet, and hosts with unusual ports, separated by commas: intranet.example, wiki.example:8080, nas.example:22, 10.0.0.0/8.";
    http_trusted_proxies: String = String::new(), "http.trusted_proxies",
        "Addresses and networks of proxies on other machines (or in containers), separated by commas: 172.17.0.0/16. Their X-Forwarded-For is trusted; that of a proxy on this machine always is.";
    http_origins: String = String::new(), "http.origins",
        "Websites whose pages may call /v1 and /mcp with a key, separated by commas, such as `https://app.example`; * for all. Pages that this machine serves always may.";
    openai_aliases: Aliases = Aliases::default(), "openai.aliases",
        "Names of models that stand for others under /v1, for programs that name OpenAI's or Anthropic's: `text-embedding-3-small=default, gpt-4o-mini=assistant:desk, claude-*=default`. A * at the end stands for anything.";
    openai_stored_days: u32 = 30, "openai.stored_days",
        "Days that responses, chat completions and conversations are kept which programs had stored under /v1 (`store: true`), after their last use.";
    connections: u32 = 16384, "http.connections",
        "Maximum open connections; each page with the widget holds one. Needs as many open files, which the server asks the system for.";
}

impl Config {
    /// The setting, or the number of cores up to eight.
    pub fn engine_threads(&self) -> u16 {
        match self.threads {
            0 => place::cpu_count().min(8),
            n => n,
        }
    }

    pub fn backup_path(&self) -> PathBuf {
        if self.backup_dir.as_os_str().is_empty() {
            self.data_dir.join("backups")
        } else {
            self.backup_dir.clone()
        }
    }

    /// A path that was set.
    pub fn path_if_set(path: &Path) -> Option<&Path> {
        (!path.as_os_str().is_empty()).then_some(path)
    }

    pub fn key_path(&self) -> PathBuf {
        if self.key_file.as_os_str().is_empty() {
            self.data_dir.join("master.key")
        } else {
            self.key_file.clone()
        }
    }
}
