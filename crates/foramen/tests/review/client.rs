//! A study to review, and a client that can say what no browser would.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use foramen::phantom::{CohortConfig, write_cohort};
use serde_json::Value;
use tempfile::TempDir;

/// The folder of a cohort of eighteen people, drawn once: `dicom`, `outcomes.csv`, and in
/// `study` what `select` makes of them. Nobody may write into it.
pub(crate) fn cohort() -> &'static Path {
    static COHORT: OnceLock<PathBuf> = OnceLock::new();
    COHORT.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("review-cohort");
        // One of a former run.
        _ = fs::remove_dir_all(&folder);
        let config = CohortConfig::default().with_analysable(18).with_defects(0);
        write_cohort(&config, &folder, &|_, _| ()).unwrap();
        let at = |name: &str| folder.join(name).to_str().unwrap().to_owned();
        let [dicom, outcomes, study] = ["dicom", "outcomes.csv", "study"].map(at);
        foramen(&["select", "--dicom", &dicom, "--outcomes", &outcomes, "--out", &study]);
        folder
    })
}

/// A study of those people of its own for each test.
pub(crate) fn study() -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(cohort().join("study")).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
        }
    }
    copy
}

/// Runs the program and gives all that it said.
pub(crate) fn foramen(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_foramen")).args(arguments).output().unwrap();
    let [said, notes] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    assert!(output.status.success(), "{arguments:?}: {notes}");
    format!("{said}{notes}")
}

pub(crate) fn export(study: &Path) -> String {
    foramen(&["review", "--export", "--study", study.to_str().unwrap()])
}

/// A server, which ends with it.
pub(crate) struct Page {
    server: Child,
    pub(crate) port: u16,
    pub(crate) token: String,
}

/// What a server has said.
pub(crate) struct Reply {
    pub(crate) status: u16,
    head: String,
    body: Vec<u8>,
}

impl Page {
    pub(crate) fn start(study: &Path, arguments: &[&str]) -> Self {
        let mut server = Command::new(env!("CARGO_BIN_EXE_foramen"))
            .args(["review", "--study"])
            .arg(study)
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
        let address = lines
            .find_map(|line| Some(line.unwrap().strip_prefix("http://127.0.0.1:")?.to_owned()));
        let address = address.expect("the server prints its address");
        let mut parts = address.split('/');
        let port = parts.next().unwrap().parse().unwrap();
        Self { server, port, token: parts.next().unwrap().to_owned() }
    }

    pub(crate) fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// SIGKILL: nothing is tidied up.
    pub(crate) fn kill(&mut self) {
        self.server.kill().unwrap();
        self.server.wait().unwrap();
    }

    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Reply {
        try_send(self.port, method, path, headers, body).unwrap()
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.send("GET", &format!("/{}{path}", self.token), &[], "")
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Reply {
        try_post(self.port, &self.token, path.trim_start_matches('/'), body).unwrap()
    }

    pub(crate) fn items(&self) -> Vec<String> {
        let list = self.get("/study").json();
        let items = list["items"].as_array().unwrap().iter();
        items.map(|item| item["id"].as_str().unwrap().to_owned()).collect()
    }

    pub(crate) fn first_item(&self) -> String {
        self.items().swap_remove(0)
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        // One that was killed already is no failure.
        _ = self.server.kill();
        _ = self.server.wait();
    }
}

pub(crate) fn try_post(port: u16, token: &str, path: &str, body: &Value) -> Option<Reply> {
    let origin = format!("http://127.0.0.1:{port}");
    let headers = [("Origin", origin.as_str()), ("Content-Type", "application/json")];
    try_send(port, "POST", &format!("/{token}/{path}"), &headers, &body.to_string())
}

fn try_send(
    port: u16,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Option<Reply> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
    let mut request = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
    if !headers.iter().any(|(name, _)| *name == "Host") {
        request += &format!("Host: 127.0.0.1:{port}\r\n");
    }
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    request += &format!("Content-Length: {}\r\n\r\n{body}", body.len());
    // A server that refuses a long body may close before it has all.
    _ = stream.write_all(request.as_bytes());
    let mut reply = Vec::new();
    _ = stream.read_to_end(&mut reply);
    let end = reply.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&reply[..end]).into_owned();
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let body = reply[end + 4..].to_vec();
    // What was cut short was not said.
    let length = head.to_lowercase();
    let length = length.split("content-length: ").nth(1)?.lines().next()?.trim().parse::<usize>();
    (length.ok()? == body.len()).then_some(Reply { status, head, body })
}

impl Reply {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.body
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let found = lines.find(|(title, _)| title.eq_ignore_ascii_case(name));
        Some(found?.1.to_owned())
    }

    pub(crate) fn is_html(&self) -> bool {
        self.header("content-type").is_some_and(|kind| kind.contains("html"))
    }
}
