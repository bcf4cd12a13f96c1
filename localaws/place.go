package localaws

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"fmt"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/store"
)

// place is where this AWS says that it stands.
type place struct{ Account, Region string }

// settle finds the account and the region: given, of the last time, or the defaults.
func (s *Server) settle(o Options) error {
	table, err := store.NewTable[place](s.db, "localaws/place")
	if err != nil {
		return err
	}
	kept, ok, err := table.Get("place")
	if err != nil {
		return err
	}
	at := place{
		Account: cmp.Or(o.Account, kept.Account, defaultAccount), Region: cmp.Or(o.Region, kept.Region, defaultRegion),
	}
	if ok && at != kept {
		return &PlaceError{Account: kept.Account, Region: kept.Region}
	}
	s.Account, s.Region = at.Account, at.Region
	if ok {
		return nil
	}
	return table.Put("place", at)
}

// PlaceError is returned by Start for a state folder of another account or region.
type PlaceError struct{ Account, Region string }

func (e *PlaceError) Error() string {
	return fmt.Sprintf("the state is of region %s in account %s", e.Region, e.Account)
}

// loadKey finds the account's own keys: given, of the last time, or new.
func (s *Server) loadKey(id, secret string) error {
	table, err := store.NewTable[identity.Key](s.db, "localaws/keys")
	if err != nil {
		return err
	}
	key, ok, err := table.Get("root")
	if err != nil {
		return err
	}
	if id != "" && secret != "" {
		key.AccessKeyID, key.SecretAccessKey, ok = id, secret, false
	} else if !ok {
		key.AccessKeyID, key.SecretAccessKey = newKeys()
	}
	key.Principal = identity.Principal{
		ARN: "arn:aws:iam::" + s.Account + ":root", Account: s.Account, UserID: s.Account, AccessKeyID: key.AccessKeyID,
	}
	s.key = key
	if ok {
		return nil
	}
	return table.Put("root", key)
}

func newKeys() (id, secret string) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	raw := make([]byte, 36)
	_, _ = rand.Read(raw) // never fails
	letters := raw[:16]
	for i, b := range letters {
		letters[i] = alphabet[int(b)%len(alphabet)]
	}
	return "AKIA" + string(letters), hex.EncodeToString(raw[16:])
}
