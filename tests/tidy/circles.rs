//! Circles among the modules of a crate.
//!
//! A file and the folder of its name count as one module, because a parent and its
//! children are read together. Everything else that a module names by `crate::`,
//! `super::` or `self::` is an import, in `use` and in the middle of code alike. What a
//! module re-exports counts as an import of the module that defines it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

/// The names from the root of the crate to a module, or to an item in one.
type Names = Vec<String>;

/// What each child of a module names of its siblings: for each sibling, the items.
type Edges = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

/// The circles of a crate with this `src`, each as `a -> b (B) -> a (A)`: what is named
/// of each module stands in brackets.
pub(crate) fn circles(src: &Path) -> Vec<String> {
    let mut sources = Sources::default();
    for name in ["lib.rs", "main.rs"] {
        if src.join(name).exists() {
            sources.read(&src.join(name), src, Names::new());
        }
    }
    let mut found = BTreeSet::new();
    for (parent, edges) in sources.edges() {
        for start in edges.keys() {
            let circle = shortest_way_back(start, &edges);
            found.extend(circle.map(|circle| describe(&circle, &parent, &edges)));
        }
    }
    found.into_iter().collect()
}

fn describe(circle: &[String], parent: &[String], edges: &Edges) -> String {
    let full = |name: &String| [parent, std::slice::from_ref(name)].concat().join("::");
    let step = |pair: &[String]| {
        let items: Vec<&str> = edges[&pair[0]][&pair[1]].iter().map(String::as_str).collect();
        format!(" -> {} ({})", full(&pair[1]), items.join(", "))
    };
    full(&circle[0]) + &circle.windows(2).map(step).collect::<String>()
}

/// What the modules of a crate say.
#[derive(Default)]
struct Sources {
    modules: BTreeMap<Names, Module>,
}

#[derive(Default)]
struct Module {
    /// Paths from the root of the crate, as written.
    imports: Vec<Names>,
    /// What a name that this module uses or re-exports stands for.
    aliases: BTreeMap<String, Names>,
    /// What is re-exported by `*`.
    globs: Vec<Names>,
}

impl Sources {
    /// Reads a file and the files of its child modules, which lie in `folder`.
    fn read(&mut self, file: &Path, folder: &Path, names: Names) {
        let text = fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let parsed = syn::parse_file(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        self.module(&parsed.items, folder, names);
    }

    fn module(&mut self, items: &[syn::Item], folder: &Path, names: Names) {
        let mut children = Vec::new();
        let mut reader = Reader { names: &names, module: Module::default() };
        for item in items {
            match item {
                syn::Item::Mod(child) if is_test(&child.attrs) => {}
                syn::Item::Mod(child) => children.push(child),
                other => reader.visit_item(other),
            }
        }
        let Reader { module, .. } = reader;
        let known = self.modules.entry(names.clone()).or_default();
        known.imports.extend(module.imports);
        known.aliases.extend(module.aliases);
        known.globs.extend(module.globs);
        for child in children {
            let name = child.ident.to_string();
            let below = folder.join(&name);
            let names = [&*names, &[name]].concat();
            match &child.content {
                Some((_, items)) => self.module(items, &below, names),
                None => self.read(&below.with_extension("rs"), &below, names),
            }
        }
    }

    /// The module that defines what `path` leads to.
    fn definition(&self, path: &[String], left: usize) -> Names {
        let mut module = Names::new();
        for (place, name) in path.iter().enumerate() {
            let child = [&*module, std::slice::from_ref(name)].concat();
            if self.modules.contains_key(&child) {
                module = child;
                continue;
            }
            let Some(known) = self.modules.get(&module).filter(|_| left > 0) else { break };
            let rest = &path[place + 1..];
            let aliased = known.aliases.get(name).map(|target| [&**target, rest].concat());
            if let Some(target) = aliased {
                return self.definition(&target, left - 1);
            }
            break;
        }
        module
    }

    /// For each parent, which of its children names which other.
    fn edges(&self) -> BTreeMap<Names, Edges> {
        let mut edges: BTreeMap<Names, Edges> = BTreeMap::new();
        for (names, module) in &self.modules {
            for import in module.imports.iter().chain(&module.globs) {
                let target = self.definition(import, self.modules.len());
                let shared = names.iter().zip(&target).take_while(|(a, b)| a == b).count();
                if let (Some(from), Some(to)) = (names.get(shared), target.get(shared)) {
                    let parent = edges.entry(names[..shared].to_vec()).or_default();
                    let items = parent.entry(from.clone()).or_default().entry(to.clone());
                    items.or_default().extend(import.last().cloned());
                }
            }
        }
        edges
    }
}

/// Gathers what a module names.
struct Reader<'a> {
    names: &'a [String],
    module: Module,
}

impl Reader<'_> {
    /// A path from the root of the crate; `None` for what another crate defines.
    fn absolute(&self, segments: &[String]) -> Option<Names> {
        let mut names = self.names.to_vec();
        match segments.first()?.as_str() {
            "crate" => names.clear(),
            "self" => {}
            "super" => drop(names.pop()),
            _ => return None,
        }
        let mut rest = &segments[1..];
        while rest.first().is_some_and(|name| name == "super") {
            names.pop();
            rest = &rest[1..];
        }
        names.extend_from_slice(rest);
        Some(names)
    }

    fn tree(&mut self, tree: &syn::UseTree, prefix: &[String]) {
        let with = |name: &syn::Ident| [prefix, &[name.to_string()]].concat();
        let (segments, name) = match tree {
            syn::UseTree::Path(path) => return self.tree(&path.tree, &with(&path.ident)),
            syn::UseTree::Group(group) => {
                return group.items.iter().for_each(|tree| self.tree(tree, prefix));
            }
            syn::UseTree::Name(name) if name.ident == "self" => (prefix.to_vec(), None),
            syn::UseTree::Name(name) => (with(&name.ident), Some(&name.ident)),
            syn::UseTree::Rename(rename) => (with(&rename.ident), Some(&rename.rename)),
            syn::UseTree::Glob(_) => (prefix.to_vec(), None),
        };
        let absolute = self.absolute(&segments);
        if matches!(tree, syn::UseTree::Glob(_)) {
            self.module.globs.extend(absolute);
            return;
        }
        // Without a prefix it is a child of this module, or another crate.
        let child = || [self.names, &*segments].concat();
        let target = absolute.clone().unwrap_or_else(child);
        if let (Some(name), true) = (name, segments.len() > 1) {
            self.module.aliases.insert(name.to_string(), target);
        }
        self.module.imports.extend(absolute);
    }

    /// The paths inside a call or definition of a macro, which is not parsed.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path = Names::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(name) if colons == 2 || path.is_empty() => {
                    path.push(name.to_string());
                }
                TokenTree::Punct(mark) if mark.as_char() == ':' && !path.is_empty() => {
                    colons += 1;
                    continue;
                }
                other => {
                    self.module.imports.extend(self.absolute(&path));
                    path.clear();
                    match other {
                        TokenTree::Ident(name) => path.push(name.to_string()),
                        TokenTree::Group(group) => self.tokens(group.stream()),
                        _ => {}
                    }
                }
            }
            colons = 0;
        }
        self.module.imports.extend(self.absolute(&path));
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        let attributes = match item {
            syn::Item::Fn(item) => &item.attrs,
            syn::Item::Use(item) => &item.attrs,
            syn::Item::Impl(item) => &item.attrs,
            _ => return visit::visit_item(self, item),
        };
        if !is_test(attributes) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.tree(&item.tree, &[]);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Names = path.segments.iter().map(|one| one.ident.to_string()).collect();
        if segments.len() > 1 {
            self.module.imports.extend(self.absolute(&segments));
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.tokens(call.tokens.clone());
    }
}

/// Tests may look at what they like.
fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let syn::Meta::List(list) = &attribute.meta else { return false };
        let condition = list.tokens.to_string();
        list.path.is_ident("cfg") && matches!(&*condition, "test" | "doctest")
    })
}

/// From `start` along the edges until it comes round again, beginning at the first of
/// its names so that each circle is found once.
fn shortest_way_back(start: &str, edges: &Edges) -> Option<Vec<String>> {
    let mut ways = std::collections::VecDeque::from([vec![start.to_owned()]]);
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop_front() {
        let last = way.last()?;
        for next in edges.get(last).into_iter().flat_map(BTreeMap::keys) {
            if next == start {
                let first = (0..way.len()).min_by_key(|place| &way[*place])?;
                let mut circle = [&way[first..], &way[..first]].concat();
                circle.push(circle[0].clone());
                return Some(circle);
            }
            if seen.insert(next.clone()) {
                ways.push_back([&*way, std::slice::from_ref(next)].concat());
            }
        }
    }
    None
}

#[test]
fn a_circle_is_seen_through_re_exports_and_macros() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    };
    write("lib.rs", "mod a; mod b; mod c; pub use a::A; pub use self::b::B;");
    write("a.rs", "use crate::B; pub struct A(B);");
    write("b.rs", "mod inner; pub use inner::B;");
    write("b/inner.rs", "pub struct B; #[cfg(test)] mod tests { use crate::c::c; }");
    write("c.rs", "pub fn c() { crate::b::f(); }");
    assert!(circles(folder.path()).is_empty());
    write("b/inner.rs", "pub struct B; pub fn f() { println!(\"{}\", crate::A::NAME) }");
    assert_eq!(circles(folder.path()), ["a -> b (B) -> a (NAME)"]);
    write("b/inner.rs", "pub struct B; fn g() { super::super::c::c() }");
    assert_eq!(circles(folder.path()), ["b -> c (c) -> b (f)"]);
}
