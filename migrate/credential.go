package migrate

import (
	"fmt"
	"io"
	"log/slog"
)

// Credential is a push credential to create: what a person enters again, since
// no API reads it.
type Credential struct {
	FriendlyName string // at most 64 characters
	Type         string // apn, gcm or fcm
	Certificate  Secret // apn, PEM
	PrivateKey   Secret // apn, PEM
	Sandbox      bool   // apn
	APIKey       Secret // gcm
	Secret       Secret // fcm
}

// Secret is text that shows itself to nobody who prints, logs or encodes it.
type Secret string

const redacted = "[secret]"

// Format writes what is not the secret, whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) } // fmt has nobody to tell

// String is not the secret.
func (s Secret) String() string { return redacted }

// GoString is not the secret.
func (s Secret) GoString() string { return redacted }

// MarshalText is not the secret.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue is not the secret.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }
