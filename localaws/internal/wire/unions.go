package wire

import (
	"reflect"
	"strings"

	logs "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	iam "github.com/aws/aws-sdk-go-v2/service/iam/types"
	s3 "github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// unionMembers are the variants of the SDK's unions, which are interfaces and
// so do not name them.
var unionMembers = []any{
	iam.PolicyIdentifierMemberInlinePolicyIdentifier{},
	iam.PolicyIdentifierMemberPolicyArn{},
	iam.PolicyIdentifierMemberPolicyType{},
	s3.AnalyticsFilterMemberAnd{},
	s3.AnalyticsFilterMemberPrefix{},
	s3.AnalyticsFilterMemberTag{},
	s3.MetricsFilterMemberAccessPointArn{},
	s3.MetricsFilterMemberAnd{},
	s3.MetricsFilterMemberPrefix{},
	s3.MetricsFilterMemberTag{},
	s3.ObjectEncryptionMemberSSEKMS{},
	logs.IntegrationDetailsMemberOpenSearchIntegrationDetails{},
	logs.ResourceConfigMemberOpenSearchResourceConfig{},
}

// union plans the variants of a union: each is a pointer to a structure with
// one field, Value, and is named <Interface>Member<Variant>.
func (t *table) union(n *node) {
	for _, v := range unionMembers {
		concrete := reflect.TypeOf(v)
		if !reflect.PointerTo(concrete).Implements(n.typ) {
			continue
		}
		variant := strings.TrimPrefix(concrete.Name(), n.typ.Name()+"Member")
		for name, m := range n.shape.Members {
			if strings.EqualFold(name, variant) {
				value, _ := concrete.FieldByName("Value")
				f := t.field(n, name, m, value.Type)
				f.concrete, f.index = concrete, value.Index[0]
				n.fields = append(n.fields, f)
			}
		}
	}
}
