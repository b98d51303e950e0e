using System.Text;
using System.Text.Json.Nodes;
using Tenon.Sandbox.Kubernetes.Schemas;

namespace Tenon.Sandbox.Tests.Schemas;

public sealed class ProtobufTests
{
    private static byte[] Field(int number, params byte[] bytes) => [.. Number(((ulong)number << 3) | 2), .. Number((ulong)bytes.Length), .. bytes];

    private static byte[] Field(int number, string text) => Field(number, Encoding.UTF8.GetBytes(text));

    private static byte[] Whole(int number, long value) => [.. Number((ulong)number << 3), .. Number((ulong)value)];

    private static byte[] Number(ulong value)
    {
        List<byte> bytes = [];
        for (; value >= 0x80; value >>= 7) bytes.Add((byte)(value | 0x80));
        bytes.Add((byte)value);
        return [.. bytes];
    }

    private static byte[] Body(string apiVersion, string kind, params byte[] raw) =>
        [.. "k8s\0"u8, .. Field(1, [.. Field(1, apiVersion), .. Field(2, kind)]), .. Field(2, raw), .. Field(3, ""), .. Field(4, "")];

    [Fact]
    public void A_service_reads_as_its_json()
    {
        byte[] port = [.. Field(1, "http"), .. Field(2, "TCP"), .. Whole(3, 80), .. Field(4, [.. Whole(1, 1), .. Whole(2, 0), .. Field(3, "web")]), .. Whole(5, 0)];
        byte[] metadata = [.. Field(1, "s"), .. Field(3, ""), .. Field(8, []), .. Field(11, [.. Field(1, "a"), .. Field(2, "b")])];
        byte[] spec = [.. Field(1, port), .. Field(2, [.. Field(1, "app"), .. Field(2, "x")]), .. Field(4, "LoadBalancer"), .. Field(9, "10.0.0.0/8"), .. Field(9, "fd00::/8")];
        JsonObject read = ProtobufReader.Read(Body("v1", "Service", [.. Field(1, metadata), .. Field(2, spec)]));
        JsonNode.DeepEquals(read, JsonNode.Parse("""
            {"apiVersion":"v1","kind":"Service","metadata":{"name":"s","labels":{"a":"b"}},
             "spec":{"ports":[{"name":"http","protocol":"TCP","port":80,"targetPort":"web"}],"selector":{"app":"x"},"type":"LoadBalancer",
             "loadBalancerSourceRanges":["10.0.0.0/8","fd00::/8"]}}
            """)).ShouldBeTrue(read.ToJsonString());
    }

    [Fact]
    public void Members_that_json_does_not_show_as_objects_are_found()
    {
        byte[] volume = [.. Field(1, "v"), .. Field(2, Field(1, Field(1, "/data")))];
        byte[] container = [.. Field(1, "c"), .. Field(2, "x"), .. Field(8, Field(1, [.. Field(1, "cpu"), .. Field(2, Field(1, "500m"))]))];
        JsonObject read = ProtobufReader.Read(Body("v1", "Pod", Field(2, [.. Field(1, volume), .. Field(2, container), .. Whole(4, 0)])));
        JsonNode.DeepEquals(read["spec"], JsonNode.Parse("""
            {"volumes":[{"name":"v","hostPath":{"path":"/data"}}],"containers":[{"name":"c","image":"x","resources":{"limits":{"cpu":"500m"}}}],"terminationGracePeriodSeconds":0}
            """)).ShouldBeTrue(read.ToJsonString());
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("k8s\0\u000a\u00ff")]
    public void What_is_no_message_is_refused(string text) => Should.Throw<FormatException>(() => ProtobufReader.Read(Encoding.Latin1.GetBytes(text)));

    [Fact]
    public void A_kind_without_messages_is_refused() => Should.Throw<FormatException>(() => ProtobufReader.Read(Body("example.com/v1", "Thing"))).Message.ShouldContain("no kind \"Thing\" is registered");
}
