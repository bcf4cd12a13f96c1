package codebuild

import (
	"bytes"
	"encoding/json"
)

// MarshalJSON leaves out what is null: nearly half of a row.
func (b build) MarshalJSON() ([]byte, error) {
	type row build
	data, err := json.Marshal(row(b))
	return withoutNulls(data), err
}

// withoutNulls removes the members of compact JSON that are null.
func withoutNulls(data []byte) []byte {
	out := make([]byte, 0, len(data))
	for i := 0; i < len(data); {
		if data[i] != '"' {
			out = append(out, data[i])
			i++
			continue
		}
		end := i + 1
		for ; data[end] != '"'; end++ {
			if data[end] == '\\' {
				end++
			}
		}
		end++
		if !bytes.HasPrefix(data[end:], []byte(":null")) {
			out = append(out, data[i:end]...)
			i = end
			continue
		}
		i = end + len(":null")
		if data[i] == ',' {
			i++
		} else {
			out = bytes.TrimSuffix(out, []byte(","))
		}
	}
	return out
}
