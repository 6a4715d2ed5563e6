//! An flist as a file system that only reads, over FUSE.
use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use fuser::{
    AccessFlags, Config, Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation,
    INodeNo, InitFlags, KernelConfig, LockOwner, OpenFlags, ReplyAttr, ReplyData, ReplyDirectory,
    ReplyEmpty, ReplyEntry, ReplyOpen, ReplyStatfs, ReplyXattr, Request, Session, SessionACL,
};

use super::opened::Contents;
use super::table::{Entry, EntryKind};
use crate::devnet::zos::container::Told;

/// How long the kernel may believe what it was told: nothing ever changes.
const FOREVER: Duration = Duration::from_secs(86_400);
/// Threads that answer the kernel: one that waits for a chunk does not hold up the others.
const THREADS: usize = 4;
/// Size that directories show (spec: flist §6).
const DIRECTORY: u64 = 4096;
/// Unit in which sizes on disk are told.
const SECTOR: u64 = 512;
const PAGE: u32 = 4096;
/// Longest name of a file, as everywhere on Linux.
const LONGEST_NAME: u32 = 255;

/// Serves an flist on a FUSE device whose file system is mounted already, until it is unmounted.
pub fn serve(
    contents: Arc<Contents>,
    device: OwnedFd,
    one_user: bool,
    told: Told,
) -> std::io::Result<()> {
    let mut config = Config::default();
    config.n_threads = Some(THREADS);
    let files = Files {
        contents,
        one_user,
        told,
    };
    Session::from_fd(files, device, SessionACL::All, config)?.run()
}

struct Files {
    contents: Arc<Contents>,
    /// Only one user exists where it is mounted, and everything is theirs.
    one_user: bool,
    told: Told,
}

impl Files {
    /// Numbers of inodes begin with 1, the root.
    fn entry(&self, inode: INodeNo) -> Option<(u32, &Entry)> {
        let number = u32::try_from(inode.0.checked_sub(1)?).ok()?;
        Some((number, self.contents.table.get(number)?))
    }

    fn attributes(&self, number: u32, entry: &Entry) -> FileAttr {
        let (kind, size, links) = match &entry.kind {
            EntryKind::Dir(_) => (FileType::Directory, DIRECTORY, 2),
            EntryKind::File { size, .. } => (FileType::RegularFile, *size, 1),
            EntryKind::Link(target) => (FileType::Symlink, target.len() as u64, 1),
        };
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(entry.modified.into());
        let (uid, gid) = match self.one_user {
            true => (0, 0),
            false => (entry.uid, entry.gid),
        };
        FileAttr {
            ino: inode(number),
            size,
            blocks: size.div_ceil(SECTOR),
            atime: time,
            mtime: time,
            ctime: time,
            crtime: time,
            kind,
            perm: entry.mode,
            nlink: links,
            uid,
            gid,
            rdev: 0,
            blksize: PAGE,
            flags: 0,
        }
    }
}

fn inode(number: u32) -> INodeNo {
    INodeNo(u64::from(number) + 1)
}

fn kind(entry: &Entry) -> FileType {
    match entry.kind {
        EntryKind::Dir(_) => FileType::Directory,
        EntryKind::File { .. } => FileType::RegularFile,
        EntryKind::Link(_) => FileType::Symlink,
    }
}

impl Filesystem for Files {
    fn init(&mut self, _: &Request, config: &mut KernelConfig) -> std::io::Result<()> {
        // Older kernels lack them, and only ask more often.
        let _ = config.add_capabilities(InitFlags::FUSE_CACHE_SYMLINKS);
        let _ = config.add_capabilities(InitFlags::FUSE_PARALLEL_DIROPS);
        Ok(())
    }

    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let found = self.entry(parent).and_then(|(parent, _)| {
            let number = self.contents.table.find(parent, name.as_bytes())?;
            Some((number, self.contents.table.get(number)?))
        });
        match found {
            Some((number, entry)) => {
                reply.entry(&FOREVER, &self.attributes(number, entry), Generation(0));
            }
            None => reply.error(Errno::ENOENT),
        }
    }

    fn getattr(&self, _: &Request, ino: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        match self.entry(ino) {
            Some((number, entry)) => reply.attr(&FOREVER, &self.attributes(number, entry)),
            None => reply.error(Errno::ENOENT),
        }
    }

    fn readlink(&self, _: &Request, ino: INodeNo, reply: ReplyData) {
        match self.entry(ino).map(|(_, entry)| &entry.kind) {
            Some(EntryKind::Link(target)) => reply.data(target),
            _ => reply.error(Errno::EINVAL),
        }
    }

    fn open(&self, _: &Request, _: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        reply.opened(FileHandle(0), FopenFlags::FOPEN_KEEP_CACHE);
    }

    fn read(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        let Some((number, entry)) = self.entry(ino) else {
            return reply.error(Errno::ENOENT);
        };
        let EntryKind::File {
            size: whole,
            blocks,
        } = &entry.kind
        else {
            return reply.error(Errno::EINVAL);
        };
        let length = usize::try_from(size).unwrap_or(usize::MAX);
        match self.contents.chunks.read(*whole, blocks, offset, length) {
            Ok(bytes) => reply.data(&bytes),
            Err(reason) => {
                let path = self.contents.table.path(number);
                (self.told)(&format!("{path} of {}: {reason}", self.contents.name));
                reply.error(Errno::EIO);
            }
        }
    }

    fn readdir(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        mut reply: ReplyDirectory,
    ) {
        let Some((number, entry)) = self.entry(ino) else {
            return reply.error(Errno::ENOENT);
        };
        let EntryKind::Dir(inside) = &entry.kind else {
            return reply.error(Errno::ENOTDIR);
        };
        let own = [(number, &b"."[..]), (entry.parent, &b".."[..])];
        let own = own
            .into_iter()
            .map(|(number, name)| (number, FileType::Directory, name));
        let others = inside.iter().filter_map(|number| {
            let entry = self.contents.table.get(*number)?;
            Some((*number, kind(entry), &*entry.name))
        });
        // The kernel goes on behind the number of what it took last.
        let skipped = usize::try_from(offset).unwrap_or(usize::MAX);
        for (next, (number, kind, name)) in (1_u64..).zip(own.chain(others)).skip(skipped) {
            if reply.add(inode(number), next, kind, OsStr::from_bytes(name)) {
                break;
            }
        }
        reply.ok();
    }

    fn statfs(&self, _: &Request, _: INodeNo, reply: ReplyStatfs) {
        let count = self.contents.files;
        reply.statfs(
            self.contents.blocks,
            0,
            0,
            count,
            0,
            PAGE,
            LONGEST_NAME,
            PAGE,
        );
    }

    fn access(&self, _: &Request, _: INodeNo, _: AccessFlags, reply: ReplyEmpty) {
        // The kernel checks permissions itself.
        reply.ok();
    }

    fn getxattr(&self, _: &Request, _: INodeNo, _: &OsStr, _: u32, reply: ReplyXattr) {
        reply.error(Errno::ENOSYS);
    }

    fn listxattr(&self, _: &Request, _: INodeNo, _: u32, reply: ReplyXattr) {
        reply.error(Errno::ENOSYS);
    }
}
