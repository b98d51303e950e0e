using System.Text.Json.Nodes;
using Tenon.Sandbox.Kubernetes;
using Tenon.Sandbox.Kubernetes.Schemas;

namespace Tenon.Sandbox.Tests.Schemas;

public sealed class PatchTests
{
    private static void Same(JsonNode? actual, string expected)
    {
        if (!JsonNode.DeepEquals(actual, JsonNode.Parse(expected))) (actual?.ToJsonString() ?? "null").ShouldBe(expected);
    }

    private static JsonObject Strategic(string live, string patch) =>
        SchemaDefaultsTests.Schema("v1", "Pod").StrategicMerge(SchemaDefaultsTests.Json(live), SchemaDefaultsTests.Json(patch));

    [Theory]
    [InlineData("""{"spec":{"containers":[{"name":"a","image":"1"},{"name":"b","image":"2"}]}}""", """{"spec":{"containers":[{"name":"b","image":"3"}]}}""",
        """{"spec":{"containers":[{"name":"a","image":"1"},{"name":"b","image":"3"}]}}""")]
    [InlineData("""{"spec":{"containers":[{"name":"a"},{"name":"b"}]}}""", """{"spec":{"containers":[{"name":"a","$patch":"delete"}]}}""", """{"spec":{"containers":[{"name":"b"}]}}""")]
    [InlineData("""{"spec":{"containers":[{"name":"a"},{"name":"b"}]}}""", """{"spec":{"containers":[{"$patch":"replace"},{"name":"c"}]}}""", """{"spec":{"containers":[{"name":"c"}]}}""")]
    [InlineData("""{"metadata":{"labels":{"a":"1","b":"2"}}}""", """{"metadata":{"labels":{"a":null,"c":"3"}}}""", """{"metadata":{"labels":{"b":"2","c":"3"}}}""")]
    [InlineData("""{"metadata":{"labels":{"a":"1"}}}""", """{"metadata":{"labels":{"$patch":"replace","c":"3"}}}""", """{"metadata":{"labels":{"c":"3"}}}""")]
    [InlineData("""{"metadata":{"finalizers":["a","b"]}}""", """{"metadata":{"$deleteFromPrimitiveList/finalizers":["a"]}}""", """{"metadata":{"finalizers":["b"]}}""")]
    [InlineData("""{"metadata":{"finalizers":["a"]}}""", """{"metadata":{"finalizers":["b"],"$setElementOrder/finalizers":["b","a"]}}""", """{"metadata":{"finalizers":["b","a"]}}""")]
    [InlineData("""{"spec":{"tolerations":[{"key":"a"}]}}""", """{"spec":{"tolerations":[{"key":"b"}]}}""", """{"spec":{"tolerations":[{"key":"b"}]}}""")]
    [InlineData("""{"spec":{"containers":[{"name":"s"},{"name":"a"},{"name":"b"}]}}""",
        """{"spec":{"$setElementOrder/containers":[{"name":"b"},{"name":"a"}],"containers":[{"name":"b","image":"x"}]}}""",
        """{"spec":{"containers":[{"name":"s"},{"name":"b","image":"x"},{"name":"a"}]}}""")]
    [InlineData("""{"spec":{"volumes":[{"name":"v","emptyDir":{}}]}}""", """{"spec":{"volumes":[{"name":"v","$retainKeys":["name","hostPath"],"hostPath":{"path":"/x"}}]}}""",
        """{"spec":{"volumes":[{"name":"v","hostPath":{"path":"/x"}}]}}""")]
    public void Strategic_merge_follows_the_directives(string live, string patch, string expected) => Same(Strategic(live, patch), expected);

    [Fact]
    public void A_list_item_without_its_key_is_refused() =>
        Should.Throw<InvalidPatchException>(() => Strategic("""{"spec":{"containers":[{"name":"a"}]}}""", """{"spec":{"containers":[{"image":"x"}]}}"""))
            .Message.ShouldContain("does not contain declared merge key: name");

    [Theory]
    [InlineData("""{"a":1,"b":{"c":2}}""", """{"a":null,"b":{"d":3}}""", """{"b":{"c":2,"d":3}}""")]
    [InlineData("""{"a":[1,2]}""", """{"a":[3]}""", """{"a":[3]}""")]
    [InlineData("""{"a":{"b":1}}""", """{"a":"x"}""", """{"a":"x"}""")]
    public void Merge_patch_follows_RFC_7386(string target, string patch, string expected) => Same(JsonMergePatch.Apply(JsonNode.Parse(target), JsonNode.Parse(patch)), expected);

    [Theory]
    [InlineData("""{"a":[1,2]}""", """[{"op":"add","path":"/a/1","value":9}]""", """{"a":[1,9,2]}""")]
    [InlineData("""{"a":[1]}""", """[{"op":"add","path":"/a/-","value":2}]""", """{"a":[1,2]}""")]
    [InlineData("""{"a/b":1}""", """[{"op":"replace","path":"/a~1b","value":2}]""", """{"a/b":2}""")]
    [InlineData("""{"a":1}""", """[{"op":"move","from":"/a","path":"/b"}]""", """{"b":1}""")]
    [InlineData("""{"a":1}""", """[{"op":"copy","from":"/a","path":"/b"},{"op":"test","path":"/b","value":1}]""", """{"a":1,"b":1}""")]
    [InlineData("""{"a":1,"b":2}""", """[{"op":"remove","path":"/a"}]""", """{"b":2}""")]
    public void Json_patch_follows_RFC_6902(string target, string patch, string expected) => Same(JsonPatch.Apply(JsonNode.Parse(target)!, JsonNode.Parse(patch)), expected);

    [Theory]
    [InlineData("""[{"op":"remove","path":"/x"}]""", 422)]
    [InlineData("""[{"op":"test","path":"/a","value":2}]""", 422)]
    [InlineData("""[{"op":"add","path":"a","value":2}]""", 400)]
    [InlineData("""{"op":"add"}""", 400)]
    public void A_json_patch_that_cannot_be_applied_is_refused(string patch, int code) =>
        Should.Throw<InvalidPatchException>(() => JsonPatch.Apply(JsonNode.Parse("""{"a":1}""")!, JsonNode.Parse(patch))).Code.ShouldBe(code);
}
