namespace Tenon.EndToEnd.Tests.Cloud.Support;

/// <summary>
/// The table of NetworkPolicies. Its pods: in namespace <c>shop</c> (<c>team=shop</c>) web (<c>app=web, tier=front</c>), db (<c>app=db, tier=back</c>) and job
/// (<c>app=job</c>); in <c>lab</c> (<c>team=lab</c>) cat (<c>app=web</c>) and dog (<c>app=dog</c>); and a machine, vm. Of two rows that follow each other, no two
/// expect the same, so that one cannot be taken for the other.
/// </summary>
internal static class PolicyTable
{
    private const string Db = "podSelector: {matchLabels: {app: db}}";
    private const string Web = "podSelector: {matchLabels: {app: web}}";
    private const string Job = "podSelector: {matchLabels: {app: job}}";
    private const string Lab = "namespaceSelector: {matchLabels: {team: lab}}";

    /// <summary>The rows, in the order in which they are measured.</summary>
    public static readonly PolicyRow[] Rows =
    [
        .. Isolation(), .. IngressPeers(), .. IngressPorts(), .. Several(), .. Egress(),
    ];

    private static IEnumerable<PolicyRow> Isolation() =>
    [
        new("nothing is isolated", ["{podSelector: {matchLabels: {app: none}}}"]),
        new("a namespace closed", ["{podSelector: {}, policyTypes: [Ingress]}"], "into web db job:"),
        new("one pod closed, types by default", [$"{{{Db}}}"], "into db:"),
        new("an empty rule opens", ["{podSelector: {}}", $"{{{Db}, ingress: [{{}}]}}"], "into web job:"),
        new("closed by expression", ["{podSelector: {matchExpressions: [{key: app, operator: In, values: [web, db]}]}}"], "into web db:"),
        new("closed both ways", [$"{{{Db}, policyTypes: [Ingress, Egress]}}"], "into db:", "out of db:"),
    ];

    private static IEnumerable<PolicyRow> IngressPeers() =>
    [
        new("pods of the same namespace", [From(Web)], "into db: web"),
        new("expression In", [From(Expression("app", "In", "web, job"))], "into db: web job"),
        new("expression NotIn", [From(Expression("app", "NotIn", "web"))], "into db: job"),
        new("expression Exists", [From("podSelector: {matchExpressions: [{key: tier, operator: Exists}]}")], "into db: web"),
        new("expression DoesNotExist", [From("podSelector: {matchExpressions: [{key: tier, operator: DoesNotExist}]}")], "into db: job"),
        new("a namespace", [From(Lab)], "into db: cat dog"),
        new("all namespaces", [From("namespaceSelector: {}")], "into db: web job cat dog"),
        new("pods of a namespace", [From($"{Lab}, {Web}")], "into db: cat"),
        new("a namespace, or pods", [From(Lab, Web)], "into db: cat dog web"),
        new("a namespace by name", [From("namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: [lab]}]}")], "into db: web job"),
        new("an address", [From("ipBlock: {cidr: $vm/32}")], "into db: vm"),
        new("a range with an exception", [From("ipBlock: {cidr: $net, except: [$web/32]}")], "into db: job cat dog"),
        new("everything but the pods", [From("ipBlock: {cidr: 0.0.0.0/0, except: [$net]}")], "into db: vm"),
        new("an address, or pods", [From("ipBlock: {cidr: $vm/32}", Job)], "into db: vm job"),
    ];

    private static IEnumerable<PolicyRow> IngressPorts() =>
    [
        new("a port", [$"{{{Db}, ingress: [{{ports: [{{protocol: TCP, port: 80}}]}}]}}"], "into db: *:t80"),
        new("TCP by default", [$"{{{Db}, ingress: [{{ports: [{{port: 8080}}], from: [{{{Web}}}]}}]}}"], "into db: web:t8080"),
        new("a protocol", [$"{{{Db}, ingress: [{{ports: [{{protocol: UDP}}]}}]}}"], "into db: *:u53"),
        new("SCTP", [$"{{{Db}, ingress: [{{ports: [{{protocol: SCTP, port: 9999}}]}}]}}"], "into db: *:s99"),
        new("a port by name", [$"{{{Db}, ingress: [{{ports: [{{port: http}}]}}]}}"], "into db: *:t80"),
        new("a name of another protocol", [$"{{{Db}, ingress: [{{ports: [{{port: http, protocol: UDP}}]}}]}}"], "into db:"),
        new("a UDP port by name, from a namespace", [$"{{{Db}, ingress: [{{ports: [{{port: dns, protocol: UDP}}], from: [{{{Lab}}}]}}]}}"], "into db: cat:u53 dog:u53"),
        new("a range of ports", [$"{{{Db}, ingress: [{{ports: [{{port: 8000, endPort: 8090}}]}}]}}"], "into db: *:t8080"),
        new("several ports", [$"{{{Db}, ingress: [{{ports: [{{port: 80}}, {{protocol: UDP, port: 53}}]}}]}}"], "into db: *:t80 *:u53"),
    ];

    private static IEnumerable<PolicyRow> Several() =>
    [
        new("two rules", [$"{{{Db}, ingress: [{{ports: [{{port: 80}}], from: [{{{Web}}}]}}, {{ports: [{{protocol: UDP}}], from: [{{{Job}}}]}}]}}"], "into db: web:t80 job:u53"),
        new("two policies add up", [$"{{{Db}, ingress: [{{ports: [{{port: 80}}], from: [{{{Web}}}]}}]}}", From(Lab)], "into db: web:t80 cat dog"),
        new("a policy of another namespace", ["lab|{podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}"], "into cat: dog", "into dog: cat"),
        new("in and out in one", [$"{{{Db}, ingress: [{{from: [{{{Web}}}]}}], egress: [{{to: [{{{Job}}}]}}]}}"], "into db: web", "out of db: job"),
        new("both sides must allow", ["{podSelector: {}, policyTypes: [Egress]}", $"{{{Db}, ingress: [{{}}]}}"], "out of web db job:"),
    ];

    private static IEnumerable<PolicyRow> Egress() =>
    [
        new("nothing goes out", [$"{{{Web}, policyTypes: [Egress]}}"], "out of web:"),
        new("out to pods, on a port", [To($"to: [{{{Db}}}], ports: [{{port: 80}}]")], "out of web: db:t80"),
        new("out to a namespace", [To($"to: [{{{Lab}}}]")], "out of web: cat dog"),
        new("out to pods of a namespace", [To($"to: [{{{Lab}, {Web}}}]")], "out of web: cat"),
        new("out to a range with an exception", [To("to: [{ipBlock: {cidr: $net, except: [$db/32]}}]")], "out of web: job cat dog"),
        new("out to a machine", [To("to: [{ipBlock: {cidr: $vm/32}}]")], "out of web: vm"),
        new("out to a port by name", [To("to: [{namespaceSelector: {}}], ports: [{port: http}]")], "out of web: db:t80 job:t80 cat:t80 dog:t80"),
        new("out to a range of ports", [To("ports: [{port: 8000, endPort: 8090}]")], "out of web: *:t8080"),
        new("out by protocol", [To("ports: [{protocol: UDP}, {protocol: SCTP}]")], "out of web: *:u53 *:s99"),
        new("everything goes out", ["{podSelector: {}, policyTypes: [Egress]}", To("")], "out of db job:"),
    ];

    /// <summary>The policy that lets these into db.</summary>
    private static string From(params string[] peers) => $"{{{Db}, ingress: [{{from: [{string.Join(", ", peers.Select(p => $"{{{p}}}"))}]}}]}}";

    /// <summary>The policy with this rule for what goes out of web.</summary>
    private static string To(string rule) => $"{{{Web}, policyTypes: [Egress], egress: [{{{rule}}}]}}";

    private static string Expression(string key, string @operator, string values) => $"podSelector: {{matchExpressions: [{{key: {key}, operator: {@operator}, values: [{values}]}}]}}";
}
