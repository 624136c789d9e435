//! `portcullis init`: a deployment in front of a platform, ready to serve.
//!
//! Ends with two calls to try. Must not overwrite anything.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;

use crate::config::{Secret, public_url_fault, upstream_fault};
use crate::gate::bootstrap;
use crate::starter::{self, ConfigText, EXAMPLE_SET, Plan};

/// Options of `init`.
#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// The folder of the deployment
    #[arg(default_value = "portcullis")]
    dir: PathBuf,
    /// The platform's address, such as http://127.0.0.1:9000
    #[arg(long, value_name = "URL")]
    upstream: String,
    /// A file with the platform's own credential, which the gate puts in place of partners' keys
    #[arg(long, value_name = "FILE")]
    credential_file: Option<PathBuf>,
    /// Where partners call
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8480")]
    public: String,
    /// The URL partners call, if it differs from http://ADDR
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// An account that authorised the first partner, which then publishes for it; may be repeated.
    /// Without one, the first partner searches for places
    #[arg(long = "account", value_name = "ID")]
    accounts: Vec<String>,
    /// Where operators call
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9901")]
    admin_listen: String,
}

/// Runs it.
pub(crate) fn run(args: &InitArgs, json: bool) -> anyhow::Result<ExitCode> {
    fit(args)?;
    let written = starter::write(&plan(args)?)?;
    let first = bootstrap::first_partner(&written.config, &args.accounts).with_context(|| {
        format!("`{}` is half made; remove it and try again", args.dir.display())
    })?;
    let text = if json { members(args, &first)? } else { words(args, &first) };
    anstream::stdout().write_all(text.as_bytes()).or_else(quiet)?;
    Ok(ExitCode::SUCCESS)
}

/// What was typed is looked at before anything is written; all of it at once.
fn fit(args: &InitArgs) -> anyhow::Result<()> {
    let upstream = if args.upstream.starts_with("https://") {
        let help =
            "name a plain address, and put this one into portcullis.yaml with `tls:` beside it";
        Some(("who vouches for an https address has to be said".to_owned(), help))
    } else {
        upstream_fault(&args.upstream)
    };
    let mut faults: Vec<String> = upstream
        .map(|(message, help)| format!("`--upstream`: {message}; {help}"))
        .into_iter()
        .collect();
    for (option, address) in [("--public", &args.public), ("--admin-listen", &args.admin_listen)] {
        if address.parse::<SocketAddr>().is_err() {
            faults.push(format!(
                "`{option}`: `{address}` is not an address and port; write one such as 127.0.0.1:8480 or [::1]:8480"
            ));
        }
    }
    if args.public == args.admin_listen {
        faults.push("`--public` and `--admin-listen` are the same; partners may not reach the admin API, so give it a port of its own".to_owned());
    }
    if let Some((message, help)) = args.public_url.as_deref().and_then(public_url_fault) {
        faults.push(format!("`--public-url`: {message}; {help}"));
    }
    anyhow::ensure!(faults.is_empty(), "{}", faults.join("\nerror: "));
    Ok(())
}

fn plan(args: &InitArgs) -> anyhow::Result<Plan> {
    let platform_credential = match &args.credential_file {
        None => None,
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("`{}` can't be read", path.display()))?;
            anyhow::ensure!(!text.trim().is_empty(), "`{}` is empty", path.display());
            Some(Secret::new(text.trim().to_owned()))
        }
    };
    let public_url = args.public_url.clone().unwrap_or_else(|| format!("http://{}", args.public));
    Ok(Plan {
        dir: args.dir.clone(),
        config: ConfigText {
            upstream: args.upstream.trim_end_matches('/').to_owned(),
            public_listen: args.public.clone(),
            public_url,
            admin_listen: args.admin_listen.clone(),
            records: "stdout",
        },
        platform_credential,
        set: EXAMPLE_SET
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
            .collect(),
    })
}

fn calls(args: &InitArgs, key: &str) -> [String; 2] {
    let url = args.public_url.clone().unwrap_or_else(|| format!("http://{}", args.public));
    let url = url.trim_end_matches('/');
    let mut paths = ["search?type=place&q=hotel&fields=id,name", "me?fields=id,username"];
    // Whoever acts for an account may read it, and who searches for places may not.
    if !args.accounts.is_empty() {
        paths.reverse();
    }
    paths.map(|path| format!("curl -H 'Authorization: Bearer {key}' '{url}/v21.0/{path}'"))
}

fn members(args: &InitArgs, first: &bootstrap::First) -> anyhow::Result<String> {
    let key = first.key.expose();
    let [passes, refused] = calls(args, key);
    let members = serde_json::json!({
        "dir": args.dir,
        "config": args.dir.join("portcullis.yaml"),
        "partner": first.partner.to_string(),
        "tier": first.tier.to_string(),
        "key": key,
        "call_that_passes": passes,
        "call_that_is_refused": refused,
    });
    Ok(serde_json::to_string_pretty(&members)? + "\n")
}

fn words(args: &InitArgs, first: &bootstrap::First) -> String {
    let dir = args.dir.display();
    let key = first.key.expose();
    let [passes, refused] = calls(args, key);
    let credential = if args.credential_file.is_some() {
        String::new()
    } else {
        "\nThe platform gets no credential yet. If it wants one: write it to secrets/platform-credential\n(chmod 600) and follow the comment under `upstream:` in portcullis.yaml.\n".to_owned()
    };
    format!(
        "`{dir}` holds a deployment: portcullis.yaml, routes/, policies/, secrets/ and the log in data/.\n\
         Partner `{partner}` is on tier `{tier}`. Its key, shown once:\n\n  {key}\n{credential}\n\
         Run the gate:\n\n  portcullis serve --config {dir}/portcullis.yaml\n\n\
         A call that passes:\n\n  {passes}\n\n\
         A call that is refused, with the reason:\n\n  {refused}\n",
        partner = first.partner,
        tier = first.tier,
    )
}

/// A reader who went away is no fault.
fn quiet(error: std::io::Error) -> std::io::Result<()> {
    if error.kind() == std::io::ErrorKind::BrokenPipe { Ok(()) } else { Err(error) }
}
