using System.Text.Json.Nodes;
using Tenon.Sandbox.Kubernetes;
using Tenon.Sandbox.Kubernetes.Schemas;

namespace Tenon.Sandbox.Tests.Schemas;

public sealed class SchemaDefaultsTests
{
    internal static IObjectSchema Schema(string apiVersion, string kind) =>
        SchemaCatalog.BuiltIn.Find(GroupVersion.Parse(apiVersion), kind) ?? throw new InvalidOperationException($"{kind} is not known");

    internal static JsonObject Json(string text) => (JsonObject)JsonNode.Parse(text)!;

    [Theory]
    [InlineData("v1", "Pod")]
    [InlineData("v1", "Service")]
    [InlineData("v1", "Node")]
    [InlineData("v1", "ReplicationController")]
    [InlineData("apps/v1", "Deployment")]
    [InlineData("batch/v1", "CronJob")]
    [InlineData("networking.k8s.io/v1", "Ingress")]
    [InlineData("discovery.k8s.io/v1", "EndpointSlice")]
    [InlineData("coordination.k8s.io/v1", "Lease")]
    [InlineData("rbac.authorization.k8s.io/v1", "ClusterRoleBinding")]
    [InlineData("storage.k8s.io/v1", "StorageClass")]
    [InlineData("policy/v1", "PodDisruptionBudget")]
    [InlineData("autoscaling/v2", "HorizontalPodAutoscaler")]
    [InlineData("apiextensions.k8s.io/v1", "CustomResourceDefinition")]
    [InlineData("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration")]
    [InlineData("events.k8s.io/v1", "Event")]
    public void Built_in_kinds_are_known(string apiVersion, string kind) => Schema(apiVersion, kind).SupportsStrategicMerge.ShouldBeTrue();

    [Fact]
    public void A_load_balancer_service_gets_the_defaults_of_the_real_server()
    {
        JsonObject service = Json("""{"spec":{"type":"LoadBalancer","selector":{"app":"web"},"ports":[{"port":80}]}}""");
        Schema("v1", "Service").Default(service);
        service["spec"].Text("sessionAffinity").ShouldBe("None");
        service["spec"].Text("internalTrafficPolicy").ShouldBe("Cluster");
        service["spec"].Text("externalTrafficPolicy").ShouldBe("Cluster");
        service["spec"].Bool("allocateLoadBalancerNodePorts").ShouldBe(true);
        JsonNode.DeepEquals(service["spec"]!["ports"], JsonNode.Parse("""[{"port":80,"protocol":"TCP","targetPort":80}]""")).ShouldBeTrue();
        JsonNode.DeepEquals(service["status"], JsonNode.Parse("""{"loadBalancer":{}}""")).ShouldBeTrue();
    }

    [Fact]
    public void A_pod_gets_the_defaults_of_the_real_server()
    {
        JsonObject pod = Json("""{"spec":{"containers":[{"name":"a","image":"nginx","ports":[{"containerPort":80}],"readinessProbe":{"httpGet":{"port":80}}}]}}""");
        Schema("v1", "Pod").Default(pod);
        JsonObject spec = pod.Object("spec")!;
        spec.Text("restartPolicy").ShouldBe("Always");
        spec.Text("dnsPolicy").ShouldBe("ClusterFirst");
        spec.Long("terminationGracePeriodSeconds").ShouldBe(30);
        JsonNode container = spec["containers"]![0]!;
        container.Text("imagePullPolicy").ShouldBe("Always");
        container.Text("terminationMessagePath").ShouldBe("/dev/termination-log");
        container["ports"]![0].Text("protocol").ShouldBe("TCP");
        container.At("readinessProbe").Long("periodSeconds").ShouldBe(10);
        container.At("readinessProbe").Text("httpGet", "path").ShouldBe("/");
    }

    [Theory]
    [InlineData("nginx", "Always")]
    [InlineData("nginx:latest", "Always")]
    [InlineData("nginx:1.27", "IfNotPresent")]
    [InlineData("registry:5000/nginx", "Always")]
    [InlineData("registry:5000/nginx:2", "IfNotPresent")]
    [InlineData("nginx@sha256:0123", "IfNotPresent")]
    public void The_pull_policy_follows_the_tag(string image, string policy)
    {
        JsonObject pod = new() { ["spec"] = new JsonObject { ["containers"] = new JsonArray(new JsonObject { ["name"] = "a", ["image"] = image }) } };
        Schema("v1", "Pod").Default(pod);
        pod["spec"]!["containers"]![0].Text("imagePullPolicy").ShouldBe(policy);
    }

    [Fact]
    public void A_replication_controller_takes_selector_and_labels_from_its_template()
    {
        JsonObject controller = Json("""
            {"metadata":{"name":"leonardo"},"spec":{"template":{"metadata":{"labels":{"name":"leonardo"}},"spec":{"containers":[{"name":"a","image":"x:1"}]}}}}
            """);
        Schema("v1", "ReplicationController").Default(controller);
        controller.Long("spec", "replicas").ShouldBe(1);
        controller.Text("spec", "selector", "name").ShouldBe("leonardo");
        controller.Text("metadata", "labels", "name").ShouldBe("leonardo");
    }

    [Fact]
    public void Defaulting_twice_changes_nothing()
    {
        JsonObject deployment = Json("""{"spec":{"selector":{},"template":{"spec":{"containers":[{"name":"a","image":"x"}],"volumes":[{"name":"v"}]}}}}""");
        Schema("apps/v1", "Deployment").Default(deployment);
        JsonObject again = deployment.Copy();
        Schema("apps/v1", "Deployment").Default(again);
        JsonNode.DeepEquals(again, deployment).ShouldBeTrue();
        deployment.Text("spec", "strategy", "rollingUpdate", "maxSurge").ShouldBe("25%");
        deployment.Long("spec", "revisionHistoryLimit").ShouldBe(10);
        deployment["spec"]!["template"]!["spec"]!["volumes"]![0].Object("emptyDir").ShouldNotBeNull();
    }

    [Fact]
    public void Unknown_fields_are_dropped_and_named()
    {
        JsonObject pod = Json("""{"apiVersion":"v1","kind":"Pod","spec":{"foo":1,"containers":[{"name":"a","imagge":"x"}]}}""");
        DecodeReport report = Schema("v1", "Pod").Decode(pod);
        report.UnknownFields.ShouldBe(["spec.foo", "spec.containers[0].imagge"]);
        report.TypeError.ShouldBeNull();
        pod["spec"]!.AsObject().ContainsKey("foo").ShouldBeFalse();
    }

    [Theory]
    [InlineData("""{"spec":{"replicas":"three"}}""", "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32")]
    [InlineData("""{"spec":{"paused":1}}""", "json: cannot unmarshal number into Go struct field DeploymentSpec.spec.paused of type bool")]
    [InlineData("""{"metadata":{"labels":{"a":true}}}""", "json: cannot unmarshal bool into Go struct field ObjectMeta.metadata.labels of type string")]
    [InlineData("""{"spec":{"template":{"spec":{"containers":{}}}}}""", "json: cannot unmarshal object into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container")]
    public void A_value_of_the_wrong_type_is_worded_as_the_real_decoder_does(string body, string error) =>
        Schema("apps/v1", "Deployment").Decode(Json(body)).TypeError.ShouldBe(error);
}
