//! What can be typed after `replay`, `test`, `explain`, `diff` and `check`: the tools that need no
//! server.
//!
//! Must not know how a command is carried out.

use std::path::PathBuf;

use clap::Args;

/// What to compile.
#[derive(Debug, Clone, Default, Args)]
pub struct CheckArgs {
    /// A deployment's directory, or single route and policy files [default: .]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Name every operation and field that no tier gives, and every rule that can never decide
    #[arg(long)]
    pub coverage: bool,
    /// With --coverage: the platform's OpenAPI document; what it describes and no route file lists
    /// is named
    #[arg(long, value_name = "FILE", requires = "coverage")]
    pub openapi: Option<PathBuf>,
}

/// What to judge anew.
#[derive(Debug, Clone, Args)]
pub struct ReplayArgs {
    /// Recorded calls, a JSON object a line, plain or gzipped: `ts`, `key`, `partner`, `method`,
    /// `path` with its query, `status`, `bytes`; the gate's own access records do where they hold
    /// `method` and `path`
    #[arg(long, value_name = "FILE")]
    pub traffic: PathBuf,
    /// What each partner declared, a JSON object a line: `partner`, `use`, `keys`,
    /// `rate_per_key_per_hour`, `declared_…` lists, `authorised_accounts`
    #[arg(long, value_name = "FILE")]
    pub partners: PathBuf,
    /// The directory with `routes/` and `policies/` to judge by
    #[arg(long, value_name = "DIR")]
    pub policies: PathBuf,
    /// Judge by these as well, and show who fares differently under --policies
    #[arg(long, value_name = "DIR")]
    pub against: Option<PathBuf>,
    /// A directory whose `users.jsonl` and `hashtags.jsonl` (`id`, `username` or `name`) tell the
    /// ids of what is declared by name
    #[arg(long, value_name = "DIR")]
    pub names: Option<PathBuf>,
    /// Write one object for each judged request to this file, which is replaced: `line` (the first
    /// is 0), `verdict` (allow, deny, limit, hold), `rule`, `signal`
    #[arg(long, value_name = "FILE")]
    pub decisions: Option<PathBuf>,
    /// Report on these partners only; all are judged
    #[arg(long, value_name = "PARTNER")]
    pub partner: Vec<String>,
}

/// Whose cases to run.
#[derive(Debug, Clone, Default, Args)]
pub struct TestArgs {
    /// The directory with `routes/` and `policies/` [default: .]
    pub dir: Option<PathBuf>,
    /// Run only cases whose tier or name holds this text
    #[arg(long, value_name = "TEXT")]
    pub only: Option<String>,
    /// Run again whenever a file changes
    #[arg(long)]
    pub watch: bool,
}

/// What to explain.
#[derive(Debug, Clone, Default, Args)]
pub struct ExplainArgs {
    /// The method
    #[arg(required_unless_present = "request")]
    pub method: Option<String>,
    /// Path and query, or a whole URL whose host is ignored
    #[arg(required_unless_present = "request")]
    pub url: Option<String>,
    /// A call that the running gate judged, by the id its answer carried
    #[arg(long, value_name = "ID", conflicts_with_all = ["method", "url"])]
    pub request: Option<String>,
    /// Who calls; with --partners, what it declared is taken from there
    #[arg(long, value_name = "PARTNER", required_unless_present = "request")]
    pub partner: Option<String>,
    /// What each partner declared, as `replay` takes it
    #[arg(long, value_name = "FILE")]
    pub partners: Option<PathBuf>,
    /// What its access is for: chooses the tier
    #[arg(long, value_name = "USE", conflicts_with = "partners")]
    pub r#use: Option<String>,
    /// What it declared, as YAML or JSON: `lists`, `figures`, `use`, `review_by`
    #[arg(long, value_name = "FILE", conflicts_with = "partners")]
    pub facts: Option<PathBuf>,
    /// An account that lets it act for it; repeat for more
    #[arg(long, value_name = "ACCOUNT")]
    pub grant: Vec<String>,
    /// The call's body
    #[arg(long, value_name = "FILE")]
    pub body: Option<PathBuf>,
    /// The body's media type [default: application/x-www-form-urlencoded]
    #[arg(long, value_name = "TYPE", requires = "body")]
    pub content_type: Option<String>,
    /// The platform's answer; shows what is taken out of it
    #[arg(long, value_name = "FILE")]
    pub answer: Option<PathBuf>,
    /// When it is called, such as `2024-03-01T10:00:00Z` [default: now]
    #[arg(long, value_name = "WHEN")]
    pub at: Option<String>,
    /// The directory with `routes/` and `policies/` [default: .]
    #[arg(long, value_name = "DIR")]
    pub policies: Option<PathBuf>,
}

/// What to compare.
#[derive(Debug, Clone, Default, Args)]
pub struct DiffArgs {
    /// The directory with the `routes/` and `policies/` that are in force
    pub old: PathBuf,
    /// The directory with those to come
    pub new: PathBuf,
}
