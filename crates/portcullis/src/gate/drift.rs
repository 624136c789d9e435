//! Files on disk that are not the set in force: named, never served by themselves.
//!
//! Must not put anything in force.

use portcullis_types::Revision;

use super::board::Board;
use super::set;
use crate::talk;

fn compiles(files: &set::Files) -> Result<(), String> {
    set::compile(files, Revision(0)).map(|_| ()).map_err(|faults| {
        let text = portcullis_yaml::Faults(faults).to_string();
        talk::warn(&format!("the files on disk have faults and can't be put in force:\n{text}"));
        text
    })
}

/// Files that differ from the set in force are named, and the logged set is served.
pub(crate) fn tell(
    disk: &Result<set::Files, Vec<portcullis_yaml::Fault>>,
    in_force: &[portcullis_registry::PublishedFile],
    board: &Board,
) {
    match disk {
        Ok(files) => {
            let drift = set::drift(files, in_force);
            // Before it is told, so that whoever is told finds it so.
            board.note(|notes| notes.drift.clone_from(&drift));
            for (name, how) in &drift {
                talk::warn(&format!(
                    "`{name}` on disk is not the one in force ({how}); the logged set is served until `portcullis apply`"
                ));
            }
            // What could not be applied is told now, not when somebody tries.
            let faults = if drift.is_empty() { Ok(()) } else { compiles(files) };
            board.note(|notes| notes.reload_fault = faults.err());
        }
        Err(faults) => {
            let text = portcullis_yaml::Faults(faults.clone()).to_string();
            talk::warn(&format!(
                "the files on disk can't be read, the logged set is served:\n{text}"
            ));
            board.note(|notes| notes.reload_fault = Some(text));
        }
    }
}
