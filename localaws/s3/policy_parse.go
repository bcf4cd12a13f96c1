package s3

import (
	"encoding/json"
	"errors"
	"path"
	"slices"
	"strings"

	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
)

const maxPolicySize = 20 << 10

// The messages of MalformedPolicy are those that S3 was seen to answer with:
// versitygw's auth/bucket_policy.go, which is tested against S3, has most of
// them. "Invalid policy syntax." stands for every other fault (not confirmed
// one by one).
func malformedPolicy(message string) error { return fail("MalformedPolicy", message) }

// parsePolicy reads a policy and holds the rules that S3 answers MalformedPolicy to.
func parsePolicy(text, bucket string) (*policy.Document, error) {
	switch {
	case len(text) > maxPolicySize:
		return nil, malformedPolicy("Policies must not exceed 20480 bytes in length")
	case !strings.HasPrefix(text, "{"):
		return nil, malformedPolicy("Policies must be valid JSON and the first byte must be '{'")
	case !json.Valid([]byte(text)):
		return nil, malformedPolicy("This policy contains invalid Json")
	}
	if err := checkFields(text); err != nil {
		return nil, err
	}
	doc, err := policy.Parse(text, policy.Resource)
	if err != nil {
		return nil, malformedPolicy(wordsOf(err))
	}
	for _, st := range doc.Statements {
		if err := checkStatement(&st, bucket); err != nil {
			return nil, err
		}
	}
	return doc, nil
}

// wordsOf puts a fault that IAM's grammar finds into S3's words.
func wordsOf(err error) string {
	message := ""
	if fault, ok := errors.AsType[*policy.Error](err); ok {
		message = fault.Message
	}
	switch {
	case strings.HasPrefix(message, "Invalid principal"):
		return "Invalid principal in policy"
	case strings.HasPrefix(message, "Missing required field"):
		return message
	case strings.HasPrefix(message, "Resource "), strings.HasPrefix(message, "Partition "):
		return "Policy has invalid resource"
	case strings.HasPrefix(message, "Actions/Condition"), strings.HasPrefix(message, "Vendor "):
		return "Policy has invalid action"
	}
	return "Invalid policy syntax."
}

// checkFields finds the faults that S3 has words of its own for.
func checkFields(text string) error {
	var doc struct {
		Version   json.RawMessage
		Statement json.RawMessage
	}
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		return malformedPolicy("This policy contains invalid Json")
	}
	switch {
	case doc.Statement == nil:
		return malformedPolicy("Missing required field Statement")
	case doc.Version != nil && string(doc.Version) != `"2012-10-17"` && string(doc.Version) != `"2008-10-17"`:
		return malformedPolicy("The policy must contain a valid version string")
	}
	var statements []map[string]json.RawMessage
	if doc.Statement[0] == '{' { // one, without its list
		doc.Statement = slices.Concat([]byte("["), doc.Statement, []byte("]"))
	}
	if err := json.Unmarshal(doc.Statement, &statements); err != nil {
		return malformedPolicy("Invalid policy syntax.")
	}
	if len(statements) == 0 {
		return malformedPolicy("Could not parse the policy: Statement is empty!")
	}
	for _, st := range statements {
		if err := checkStatementFields(st); err != nil {
			return err
		}
	}
	return nil
}

// statementFields are the elements of a statement; of those in one row, one must be there.
var statementFields = [][]string{{"Effect"}, {"Principal", "NotPrincipal"}, {"Action", "NotAction"}, {"Resource", "NotResource"}}

func checkStatementFields(st map[string]json.RawMessage) error {
	for name := range st {
		if name != "Sid" && name != "Condition" && !slices.ContainsFunc(statementFields, func(row []string) bool { return slices.Contains(row, name) }) {
			return malformedPolicy("Unknown field " + name)
		}
	}
	for _, row := range statementFields {
		if !slices.ContainsFunc(row, func(name string) bool { return st[name] != nil }) {
			return malformedPolicy("Missing required field " + row[0])
		}
	}
	var effect string
	if json.Unmarshal(st["Effect"], &effect) != nil || effect != string(policy.Allow) && effect != string(policy.Deny) {
		return malformedPolicy("Invalid effect: " + effect)
	}
	return nil
}

// checkStatement holds that resources are the bucket or in it, and that every
// action is one on such a resource.
func checkStatement(st *policy.Statement, bucket string) error {
	onBucket, onObjects := st.NotResource != nil, st.NotResource != nil
	for _, resource := range slices.Concat(st.Resource, st.NotResource) {
		rest, ok := strings.CutPrefix(resource, bucketARN(bucket))
		switch {
		case !ok || rest != "" && !strings.Contains("/*?", rest[:1]):
			return malformedPolicy("Policy has invalid resource")
		case rest == "":
			onBucket = true
		case rest[0] == '/':
			onObjects = true
		default: // a wildcard covers the bucket and what is in it
			onBucket, onObjects = true, true
		}
	}
	for _, action := range slices.Concat(st.Action, st.NotAction) {
		if action == "*" {
			continue
		}
		name, ok := strings.CutPrefix(strings.ToLower(action), "s3:")
		bucketAction, objectAction, otherAction := anyLike(name, bucketActions), anyLike(name, objectActions), anyLike(name, otherActions)
		switch {
		case !ok || !bucketAction && !objectAction && !otherAction:
			return malformedPolicy("Policy has invalid action")
		case st.Action == nil, bucketAction && onBucket, objectAction && onObjects:
		default:
			return malformedPolicy("Action does not apply to any resource(s) in statement")
		}
	}
	return nil
}

// anyLike says whether one of the actions matches a pattern in lower case.
func anyLike(pattern, actions string) bool {
	for action := range strings.FieldsSeq(actions) {
		if ok, err := path.Match(pattern, action); ok && err == nil {
			return true
		}
	}
	return false
}

// The actions of S3 on buckets, on objects and on anything else, from "Actions,
// resources, and condition keys for Amazon S3" in the service authorization
// reference, as cfn-lint's Policies.json has it.
const (
	bucketActions = `
createbucket createbucketmetadatatableconfiguration deletebucket deletebucketmetadatatableconfiguration
deletebucketpolicy deletebucketwebsite getaccelerateconfiguration getanalyticsconfiguration getbucketabac
getbucketacl getbucketcors getbucketlocation getbucketlogging getbucketmetadatatableconfiguration
getbucketnotification getbucketobjectlockconfiguration getbucketownershipcontrols getbucketpolicy
getbucketpolicystatus getbucketpublicaccessblock getbucketrequestpayment getbuckettagging getbucketversioning
getbucketwebsite getencryptionconfiguration getintelligenttieringconfiguration getinventoryconfiguration
getlifecycleconfiguration getmetricsconfiguration getreplicationconfiguration listbucket
listbucketmultipartuploads listbucketversions listtagsforresource pausereplication putaccelerateconfiguration
putanalyticsconfiguration putbucketabac putbucketacl putbucketcors putbucketlogging putbucketnotification
putbucketobjectlockconfiguration putbucketownershipcontrols putbucketpolicy putbucketpublicaccessblock
putbucketrequestpayment putbuckettagging putbucketversioning putbucketwebsite putencryptionconfiguration
putintelligenttieringconfiguration putinventoryconfiguration putlifecycleconfiguration putmetricsconfiguration
putreplicationconfiguration tagresource untagresource updatebucketmetadatainventorytableconfiguration
updatebucketmetadatajournaltableconfiguration`
	objectActions = `
abortmultipartupload bypassgovernanceretention deleteobject deleteobjecttagging deleteobjectversion
deleteobjectversiontagging getobject getobjectacl getobjectattributes getobjectlegalhold getobjectretention
getobjecttagging getobjecttorrent getobjectversion getobjectversionacl getobjectversionattributes
getobjectversionforreplication getobjectversiontagging getobjectversiontorrent initiatereplication
listmultipartuploadparts objectowneroverridetobucketowner putobject putobjectacl putobjectlegalhold
putobjectretention putobjecttagging putobjectversionacl putobjectversiontagging replicatedelete
replicateobject replicatetags restoreobject updateobjectencryption`
	otherActions = `
associateaccessgrantsidentitycenter createaccessgrant createaccessgrantsinstance createaccessgrantslocation
createaccesspoint createaccesspointforobjectlambda createjob createmultiregionaccesspoint
createstoragelensgroup deleteaccessgrant deleteaccessgrantsinstance deleteaccessgrantsinstanceresourcepolicy
deleteaccessgrantslocation deleteaccesspoint deleteaccesspointforobjectlambda deleteaccesspointpolicy
deleteaccesspointpolicyforobjectlambda deletejobtagging deletemultiregionaccesspoint
deletestoragelensconfiguration deletestoragelensconfigurationtagging deletestoragelensgroup describejob
describemultiregionaccesspointoperation dissociateaccessgrantsidentitycenter getaccessgrant
getaccessgrantsinstance getaccessgrantsinstanceforprefix getaccessgrantsinstanceresourcepolicy
getaccessgrantslocation getaccesspoint getaccesspointconfigurationforobjectlambda
getaccesspointforobjectlambda getaccesspointpolicy getaccesspointpolicyforobjectlambda
getaccesspointpolicystatus getaccesspointpolicystatusforobjectlambda getaccountpublicaccessblock getdataaccess
getjobtagging getmultiregionaccesspoint getmultiregionaccesspointpolicy getmultiregionaccesspointpolicystatus
getmultiregionaccesspointroutes getstoragelensconfiguration getstoragelensconfigurationtagging
getstoragelensdashboard getstoragelensgroup listaccessgrants listaccessgrantsinstances
listaccessgrantslocations listaccesspoints listaccesspointsforobjectlambda listallmybuckets
listcalleraccessgrants listjobs listmultiregionaccesspoints liststoragelensconfigurations
liststoragelensgroups putaccessgrantsinstanceresourcepolicy putaccesspointconfigurationforobjectlambda
putaccesspointpolicy putaccesspointpolicyforobjectlambda putaccesspointpublicaccessblock
putaccountpublicaccessblock putjobtagging putmultiregionaccesspointpolicy putstoragelensconfiguration
putstoragelensconfigurationtagging submitmultiregionaccesspointroutes updateaccessgrantslocation
updatejobpriority updatejobstatus updatestoragelensgroup`
)
