package iam

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	_ "embed"
	"encoding/base32"
	"encoding/json"
	"strings"
	"sync"
	"time"
)

//go:generate sh -c "python3 gen/awsmanaged.py > awsmanaged.json.gz"

//go:embed awsmanaged.json.gz
var awsManagedFile []byte

const awsManagedPrefix = "arn:aws:iam::aws:policy/"

// isAWSManaged tells AWS's policies from those of the account.
func isAWSManaged(arn string) bool { return strings.HasPrefix(arn, awsManagedPrefix) }

// awsManaged returns, by ARN, the policies that AWS itself keeps and that are
// served here, with their real documents. Any other does not exist. Their ids
// are ours. They are unpacked when the first one is asked for.
var awsManaged = sync.OnceValue(func() map[string]managedPolicy {
	var file map[string]struct {
		Path             string
		Created, Updated time.Time
		Version          string
		Document         string
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(awsManagedFile))
	if err == nil {
		err = json.NewDecoder(unpacked).Decode(&file)
	}
	if err != nil {
		panic(err) // the file is part of the program
	}
	all := make(map[string]managedPolicy, len(file))
	for name, p := range file {
		arn := awsManagedPrefix + strings.TrimPrefix(p.Path, "/") + name
		sum := sha256.Sum256([]byte(arn))
		all[arn] = managedPolicy{
			Name: name, Path: p.Path, ID: "ANPA" + base32.StdEncoding.EncodeToString(sum[:])[:idLength], ARN: arn,
			Created: p.Created, Updated: p.Updated, Default: p.Version,
			Versions: []version{{ID: p.Version, Document: p.Document, Created: p.Updated}},
		}
	}
	return all
})
