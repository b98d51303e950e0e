using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tenon.CloudController.Configuration;
using Tenon.CloudController.LoadBalancers;
using Tenon.Core;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Objects;
using Tenon.LoadBalancing;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Tenon.CloudController.Tests.LoadBalancers;

/// <summary>
/// <c>cases/NAME/input.yaml</c> holds a Service, and where it matters a <c>config</c> (cloud.conf below <c>[Global]</c>) and a <c>cloud</c> (Octavia's
/// API version and providers; else 2.26 with amphora); <c>expected.json</c> what is made of it in <see cref="CaseCloud"/>: the load balancer with
/// its whole tree, floating IP and security group, what is published once its addresses are 203.0.113.9, 10.0.0.200 and fd00::200, and
/// what the Service is told. What has its usual value is left out.
/// </summary>
public sealed class CaseTests
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static string Directory { get; } = Path.Combine(AppContext.BaseDirectory, "LoadBalancers", "cases");

    public static TheoryData<string> Cases => [.. System.IO.Directory.GetDirectories(Directory).Select(d => Path.GetFileName(d)!).Order(StringComparer.Ordinal)];

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(Cases))]
    public async Task A_service_becomes_what_is_expected(string name)
    {
        JsonObject input = Yaml(CaseCloud.WithIds(await File.ReadAllTextAsync(Path.Combine(Directory, name, "input.yaml"), TestContext.Current.CancellationToken))).AsObject();
        string expected = await File.ReadAllTextAsync(Path.Combine(Directory, name, "expected.json"), TestContext.Current.CancellationToken);

        JsonObject actual = await MakeAsync(input);

        CaseCloud.WithNames(actual.ToJsonString(Readable)).ShouldBe(JsonNode.Parse(expected)!.ToJsonString(Readable));
    }

    [Fact]
    public void There_are_cases() => Cases.Count.ShouldBeGreaterThanOrEqualTo(25);

    private static async Task<JsonObject> MakeAsync(JsonObject input)
    {
        CloudConfigResult config = CloudConfig.Parse($"[Global]\nuse-clouds = true\n{input["config"]}");
        config.Problems.ShouldBeEmpty();
        LoadBalancerOptions options = config.Config.ShouldNotBeNull().LoadBalancer;
        Service service = KubernetesJson.Deserialize<Service>(Encoding.UTF8.GetBytes(input["service"]!.ToJsonString()));
        var result = new JsonObject();
        LoadBalancerSettings? settings = LoadBalancerSettingsParser.Parse(service, options, out ImmutableArray<Problem> problems);
        List<string> told = [.. problems.Select(p => $"{p.Severity}: {p}")];
        if (settings is not null)
        {
            var cloud = new CaseCloud((string?)input["cloud"]?["octavia"] ?? "2.26", [.. (input["cloud"]?["providers"]?.AsArray() ?? ["amphora"]).Select(p => (string)p!)]);
            var facts = new CloudFacts(new CloudFactsClients(cloud, cloud, cloud, cloud), TimeProvider.System);
            PlacementResult placement = await new PlacementResolver(facts, options).ResolveAsync(settings, existing: null, hasFloatingIp: false, CaseCloud.Nodes, TestContext.Current.CancellationToken);
            told.AddRange(placement.Notes.Select(n => $"{(n.IsWarning ? "Warning" : "Normal")} {n.Reason}: {n.Message}"));
            if (placement.Stop is Outcome.Refused refused) told.Add($"Refused {refused.Reason}: {refused.Message}");
            if (placement.Placement is { } place)
            {
                MemberTargets targets = new NodeMembers().Targets(CaseCloud.Nodes, settings.NodeSelector, settings.IpFamilies is [var first, ..] ? first : null, place.MemberSubnetId);
                DesiredLoadBalancer desired = DesiredLoadBalancerBuilder.Build(settings, place, options, "kubernetes", clusterTag: null, targets, CaseCloud.NodePorts);
                CaseTree.Write(result, desired);
                CaseTree.WriteStatus(result, ServiceStatuses.Of(settings, options, Endpoint(desired)));
            }
        }

        if (told.Count > 0) result["told"] = new JsonArray([.. told.Select(t => (JsonNode)t)]);
        return result;
    }

    private static LoadBalancerEndpoint Endpoint(DesiredLoadBalancer desired)
    {
        bool six = CaseCloud.WithNames(desired.Vip.SubnetId ?? "") == "nodes-6" || desired.Vip.Address?.Contains(':', StringComparison.Ordinal) == true;
        string four = desired.FloatingIp?.NetworkId is null ? "10.0.0.200" : desired.FloatingIp.Address ?? "203.0.113.9";
        string[] all = six ? ["fd00::200", four] : [four, "fd00::200"];
        return new("lb", all[0], desired.AdditionalVipSubnetIds.IsEmpty ? [] : [all[1]]);
    }

    private static JsonNode Yaml(string text)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(text));
        return Convert(stream.Documents.Single().RootNode)!;
    }

    private static JsonNode? Convert(YamlNode node) => node switch
    {
        YamlMappingNode mapping => new JsonObject(mapping.Children.Select(c => KeyValuePair.Create(((YamlScalarNode)c.Key).Value!, Convert(c.Value)))),
        YamlSequenceNode sequence => new JsonArray([.. sequence.Children.Select(Convert)]),
        YamlScalarNode { Style: ScalarStyle.Plain, Value: "true" or "false" } flag => JsonValue.Create(flag.Value == "true"),
        YamlScalarNode { Style: ScalarStyle.Plain } number when int.TryParse(number.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value) => JsonValue.Create(value),
        YamlScalarNode scalar => JsonValue.Create(scalar.Value),
        _ => throw new FormatException($"{node.NodeType} is not for cases."),
    };
}
