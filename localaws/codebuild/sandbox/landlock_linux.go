package sandbox

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Landlock's rights: https://docs.kernel.org/userspace-api/landlock.html.
const (
	rightsRead = unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR
	rightsFile = unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_READ_FILE |
		unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_TRUNCATE
	rightsAll = 1<<15 - 1 // up to TRUNCATE, the third version's
	// oldest is the first version that lets files move between folders (2) and knows truncation (3).
	oldest = 3
)

// readable is what every command may read, where it exists.
var readable = []string{
	"/bin", "/sbin", "/usr", "/lib", "/lib32", "/lib64", "/libx32", "/etc", "/opt", "/nix", "/snap", "/gnu",
	"/proc", "/sys", "/dev", "/run", "/var/lib", "/var/cache", "/home/linuxbrew",
}

// writable is what every command may write apart from its own folder.
var writable = []string{
	"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty", "/dev/ptmx", "/dev/pts", "/dev/shm",
}

// restrict puts the calling thread, and all that it starts, under Landlock: the
// system and the toolchains can be read, the box's folder alone can be written.
// It answers false where the kernel has no Landlock, or too old a one.
func restrict(b *Box, mapsIDs bool) bool {
	version, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 || version < oldest {
		return false
	}
	attributes := unix.LandlockRulesetAttr{Handled_access_fs: rightsAll}
	fd, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET,
		uintptr(unsafe.Pointer(&attributes)), unsafe.Sizeof(attributes.Handled_access_fs), 0) //nolint:gosec // the kernel's interface
	if errno != 0 {
		return false
	}
	ruleset := int(fd)
	defer func() { _ = unix.Close(ruleset) }()

	if !allow(ruleset, b.options.Dir, rightsAll) {
		return false
	}
	for _, path := range writable {
		allow(ruleset, path, rightsAll)
	}
	if mapsIDs {
		allow(ruleset, "/proc", rightsAll) // Go writes uid_map from this thread
	}
	for _, path := range slices.Concat(readable, toolchains(os.Getenv("PATH")), b.options.Readable) {
		allow(ruleset, path, rightsRead)
	}
	if unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != nil {
		return false
	}
	_, _, errno = unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, uintptr(ruleset), 0, 0)
	return errno == 0
}

// allow adds a rule; a path that does not exist needs none.
func allow(ruleset int, path string, rights uint64) bool {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer func() { _ = unix.Close(fd) }()
	var stat unix.Stat_t
	if unix.Fstat(fd, &stat) != nil {
		return false
	}
	if stat.Mode&unix.S_IFMT != unix.S_IFDIR {
		rights &= rightsFile
	}
	rule := unix.LandlockPathBeneathAttr{Allowed_access: rights, Parent_fd: int32(fd)}
	_, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(ruleset), unix.LANDLOCK_RULE_PATH_BENEATH,
		uintptr(unsafe.Pointer(&rule)), 0, 0, 0) //nolint:gosec // the kernel's interface
	return errno == 0
}

// toolchains are the folders of PATH, and for one called bin or shims the
// installation around it, unless that is the home directory itself.
func toolchains(path string) (folders []string) {
	home, _ := os.UserHomeDir()
	for _, dir := range filepath.SplitList(path) {
		if !filepath.IsAbs(dir) || filepath.Clean(dir) == filepath.Clean(home) {
			continue
		}
		folders = append(folders, dir)
		parent := filepath.Dir(dir)
		if slices.Contains([]string{"bin", "sbin", "shims"}, filepath.Base(dir)) &&
			parent != "/" && !strings.HasPrefix(filepath.Clean(home)+"/", parent+"/") {
			folders = append(folders, parent)
		}
	}
	return folders
}
