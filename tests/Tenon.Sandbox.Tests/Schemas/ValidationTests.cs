using System.Text.Json.Nodes;
using Tenon.Sandbox.Kubernetes;

namespace Tenon.Sandbox.Tests.Schemas;

public sealed class ValidationTests
{
    private static string[] Errors(string apiVersion, string kind, string body, string? old = null)
    {
        IObjectSchema schema = SchemaDefaultsTests.Schema(apiVersion, kind);
        JsonObject document = Prepare(schema, body);
        return [.. schema.Validate(document, old is null ? null : Prepare(schema, old)).Select(e => e.ToString())];
    }

    private static JsonObject Prepare(IObjectSchema schema, string body)
    {
        JsonObject document = SchemaDefaultsTests.Json(body);
        schema.Decode(document).TypeError.ShouldBeNull();
        schema.Default(document);
        return document;
    }

    private static string Service(string spec, string name = "web") =>
        $$$"""{"metadata":{"name":"{{{name}}}","namespace":"default"},"spec":{"selector":{"app":"web"},{{{spec}}}}}""";

    [Theory]
    [InlineData("\"ports\":[{\"port\":80}]")]
    [InlineData("\"ports\":[{\"port\":80,\"name\":\"a\"},{\"port\":80,\"protocol\":\"UDP\",\"name\":\"b\"}]")]
    [InlineData("\"type\":\"LoadBalancer\",\"loadBalancerSourceRanges\":[\"10.0.0.0/8\"],\"ports\":[{\"port\":80,\"targetPort\":\"http\"}]")]
    [InlineData("\"type\":\"ExternalName\",\"externalName\":\"example.com\"")]
    [InlineData("\"clusterIP\":\"None\"")]
    public void A_sound_service_has_no_errors(string spec) => Errors("v1", "Service", Service(spec)).ShouldBeEmpty();

    [Theory]
    [InlineData("\"ports\":[{\"port\":0}]", "spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive")]
    [InlineData("\"ports\":[{\"port\":70000,\"targetPort\":1}]", "spec.ports[0].port: Invalid value: 70000: must be between 1 and 65535, inclusive")]
    [InlineData("\"type\":\"ClusterIP\"", "spec.ports: Required value")]
    [InlineData("\"ports\":[{\"port\":1},{\"port\":2,\"name\":\"b\"}]", "spec.ports[0].name: Required value")]
    [InlineData("\"ports\":[{\"port\":1,\"name\":\"a\"},{\"port\":2,\"name\":\"a\"}]", "spec.ports[1].name: Duplicate value: \"a\"")]
    [InlineData("\"ports\":[{\"port\":1,\"protocol\":\"HTTP\"}]", "spec.ports[0].protocol: Unsupported value: \"HTTP\": supported values: \"SCTP\", \"TCP\", \"UDP\"")]
    [InlineData("\"type\":\"Balancer\",\"ports\":[{\"port\":1}]", "spec.type: Unsupported value: \"Balancer\": supported values: \"ClusterIP\", \"ExternalName\", \"LoadBalancer\", \"NodePort\"")]
    [InlineData("\"ports\":[{\"port\":1,\"nodePort\":30000}]", "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'")]
    [InlineData("\"type\":\"LoadBalancer\",\"loadBalancerSourceRanges\":[\"x\"],\"ports\":[{\"port\":1}]", "spec.loadBalancerSourceRanges[0]: Invalid value: \"x\": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)")]
    [InlineData("\"externalTrafficPolicy\":\"Local\",\"ports\":[{\"port\":1}]", "spec.externalTrafficPolicy: Invalid value: \"Local\": may only be set for externally-accessible services")]
    public void A_bad_service_is_refused_in_the_words_of_the_real_server(string spec, string error) => Errors("v1", "Service", Service(spec)).ShouldContain(error);

    [Fact]
    public void Names_follow_the_rule_of_their_kind()
    {
        Errors("v1", "Service", Service("\"ports\":[{\"port\":1}]", "1web"))[0].ShouldStartWith("metadata.name: Invalid value: \"1web\": a DNS-1035 label must consist of");
        Errors("v1", "ConfigMap", """{"metadata":{"name":"A","namespace":"x"}}""")[0].ShouldStartWith("metadata.name: Invalid value: \"A\": a lowercase RFC 1123 subdomain");
        Errors("rbac.authorization.k8s.io/v1", "ClusterRole", """{"metadata":{"name":"system:a"}}""").ShouldBeEmpty();
    }

    private const string Deployment = """
        {"metadata":{"name":"d","namespace":"x"},"spec":{"selector":{"matchLabels":{"app":"a"}},
         "template":{"metadata":{"labels":{"app":"a"}},"spec":{"containers":[{"name":"c","image":"x"}]}}}}
        """;

    [Fact]
    public void A_sound_deployment_has_no_errors() => Errors("apps/v1", "Deployment", Deployment).ShouldBeEmpty();

    [Fact]
    public void A_deployment_must_select_its_own_pods() => Errors("apps/v1", "Deployment", Deployment.Replace("\"labels\":{\"app\":\"a\"}", "\"labels\":{\"app\":\"b\"}", StringComparison.Ordinal))
        .ShouldBe(["spec.template.metadata.labels: Invalid value: map[string]string{\"app\":\"b\"}: `selector` does not match template `labels`"]);

    [Fact]
    public void The_selector_of_a_deployment_is_fixed() =>
        Errors("apps/v1", "Deployment", Deployment, Deployment.Replace("\"app\":\"a\"", "\"app\":\"z\"", StringComparison.Ordinal)).Single().ShouldEndWith("field is immutable");

    [Fact]
    public void A_pod_needs_containers_with_images_and_known_volumes()
    {
        const string Head = """{"metadata":{"name":"p","namespace":"x"},"spec":""";
        Errors("v1", "Pod", Head + """{"containers":[]}}""").ShouldContain("spec.containers: Required value");
        Errors("v1", "Pod", Head + """{"containers":[{"name":"a"}]}}""").ShouldContain("spec.containers[0].image: Required value");
        Errors("v1", "Pod", Head + """{"containers":[{"name":"a","image":"x","volumeMounts":[{"name":"v","mountPath":"/v"}]}]}}""")
            .ShouldContain("spec.containers[0].volumeMounts[0].name: Not found: \"v\"");
        Errors("v1", "Pod", Head + """{"containers":[{"name":"a","image":"x"},{"name":"a","image":"y"}]}}""").ShouldContain("spec.containers[1].name: Duplicate value: \"a\"");
    }

    [Fact]
    public void A_pod_may_change_its_image_but_not_its_command()
    {
        const string Old = """{"metadata":{"name":"p","namespace":"x"},"spec":{"containers":[{"name":"a","image":"x:1"}]}}""";
        Errors("v1", "Pod", Old.Replace("x:1", "x:2", StringComparison.Ordinal), Old).ShouldBeEmpty();
        Errors("v1", "Pod", Old.Replace("\"x:1\"", "\"x:1\",\"command\":[\"sh\"]", StringComparison.Ordinal), Old).Single().ShouldStartWith("spec: Forbidden: pod updates may not change fields");
    }

    [Fact]
    public void A_definition_must_have_a_structural_schema()
    {
        const string Body = """
            {"metadata":{"name":"things.example.com"},"spec":{"group":"example.com","scope":"Namespaced","names":{"plural":"things","kind":"Thing"},
             "versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":{"properties":{}}}}}}]}}
            """;
        Errors("apiextensions.k8s.io/v1", "CustomResourceDefinition", Body)
            .ShouldBe(["spec.validation.openAPIV3Schema.properties[spec].type: Required value: must not be empty for specified object fields"]);
    }
}
