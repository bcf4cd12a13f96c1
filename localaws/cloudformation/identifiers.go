package cloudformation

import (
	"crypto/rand"
	"strings"
)

// suffixLength is how many characters end a physical name.
const suffixLength = 12

func newSuffix() string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	var b [suffixLength]byte
	_, _ = rand.Read(b[:])
	for i, c := range b {
		b[i] = alphabet[int(c)%len(alphabet)]
	}
	return string(b[:])
}

// physicalName makes <stack>-<LogicalId>-<suffix>. As on AWS, a name that
// would be too long loses the ends of the stack's name and of the logical id.
func physicalName(stackName, logicalID, suffix string, most int) string {
	room := most - len(suffix) - 2
	if room < 2 {
		return suffix[:min(most, len(suffix))]
	}
	if len(stackName)+len(logicalID) > room {
		half := room / 2
		switch {
		case len(stackName) <= half:
			logicalID = logicalID[:room-len(stackName)]
		case len(logicalID) <= room-half:
			stackName = stackName[:room-len(logicalID)]
		default:
			stackName, logicalID = stackName[:half], logicalID[:room-half]
		}
	}
	return strings.Trim(stackName, "-") + "-" + logicalID + "-" + suffix
}
