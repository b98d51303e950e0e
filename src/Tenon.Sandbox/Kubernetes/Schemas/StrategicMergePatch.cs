using System.Text.Json.Nodes;

namespace Tenon.Sandbox.Kubernetes.Schemas;

/// <summary>
/// Strategic merge patch: lists of objects merge by a key that their type names, and directives steer it: <c>$patch</c>, <c>$retainKeys</c>,
/// <c>$setElementOrder/field</c>, <c>$deleteFromPrimitiveList/field</c>.
/// </summary>
internal static class StrategicMergePatch
{
    private const string Directive = "$patch";
    private const string RetainKeys = "$retainKeys";
    private const string SetElementOrder = "$setElementOrder/";
    private const string DeleteFromList = "$deleteFromPrimitiveList/";

    /// <summary>The target with the patch merged in; neither argument changes.</summary>
    /// <exception cref="InvalidPatchException">400 for a malformed patch.</exception>
    public static JsonObject Apply(TypeSchema schema, JsonObject target, JsonObject patch) => MergeObject(schema, target, patch);

    private static JsonObject MergeObject(TypeSchema? type, JsonObject target, JsonObject patch)
    {
        if (patch[Directive] is JsonNode directive)
        {
            return directive.AsText() switch
            {
                "replace" => (JsonObject)WithoutDirectives(patch)!,
                "delete" => [],
                "merge" => throw new InvalidPatchException("invalid patch: $patch: merge is not supported"),
                _ => throw new InvalidPatchException($"Unknown patch type: {directive.AsText() ?? directive.ToJsonString()}"),
            };
        }

        JsonObject result = target.Copy();
        Retain(result, patch);
        foreach ((string name, JsonNode? value) in patch)
        {
            if (name == RetainKeys) continue;
            if (name.StartsWith(SetElementOrder, StringComparison.Ordinal)) continue;
            if (name.StartsWith(DeleteFromList, StringComparison.Ordinal))
            {
                DeleteValues(result, name[DeleteFromList.Length..], value);
                continue;
            }

            FieldSchema? field = Field(type, name);
            TypeSchema? child = field?.Type ?? (type?.Kind == SchemaKind.Map ? type.Items : null);
            if (value is null) result.Remove(name);
            else if (result[name] is not JsonNode current) result[name] = WithoutDirectives(value);
            else result[name] = MergeValue(field, child, current, value);
        }

        Reorder(type, target, result, patch);
        return result;
    }

    private static FieldSchema? Field(TypeSchema? type, string name) =>
        type is not null && type.Fields.TryGetValue(name, out FieldSchema? field) ? field : null;

    private static JsonNode? MergeValue(FieldSchema? field, TypeSchema? type, JsonNode current, JsonNode value)
    {
        switch (current, value)
        {
            case (JsonObject target, JsonObject changes):
                return MergeObject(type, target, changes);
            case (JsonArray target, JsonArray changes) when field is { MergesOnPatch: true }:
                return MergeList(field, target, changes);
            default:
                return WithoutDirectives(value);
        }
    }

    private static void Retain(JsonObject result, JsonObject patch)
    {
        if (patch[RetainKeys] is not JsonNode given) return;
        if (given is not JsonArray keys) throw new InvalidPatchException("invalid patch format of retainKeys list");
        var retained = keys.Select(k => k.AsText() ?? string.Empty).ToHashSet();
        foreach ((string name, JsonNode? value) in patch)
        {
            if (value is not null && !name.StartsWith('$') && !retained.Contains(name))
                throw new InvalidPatchException($"The patch sets {name}, which is not in its $retainKeys list");
        }

        foreach (string name in result.Select(p => p.Key).Where(k => !retained.Contains(k)).ToList()) result.Remove(name);
    }

    private static void DeleteValues(JsonObject result, string name, JsonNode? value)
    {
        if (value is not JsonArray values) throw new InvalidPatchException($"invalid patch: {DeleteFromList}{name} must be a list");
        if (result[name] is not JsonArray current) return;
        for (int i = current.Count - 1; i >= 0; i--)
        {
            if (values.Any(v => JsonNode.DeepEquals(v, current[i]))) current.RemoveAt(i);
        }
    }

    private static JsonArray MergeList(FieldSchema field, JsonArray target, JsonArray patch)
    {
        if (field.PatchMergeKey is not string key)
        {
            List<JsonNode?> both = [];
            foreach (JsonNode? item in target.Concat(patch))
            {
                if (!both.Exists(b => JsonNode.DeepEquals(b, item))) both.Add(item);
            }

            return Order(both, [.. patch], target, null);
        }

        if (patch.OfType<JsonObject>().Any(p => p.Text(Directive) == "replace"))
            return new JsonArray([.. patch.OfType<JsonObject>().Where(p => p.Text(Directive) != "replace").Select(WithoutDirectives)]);
        List<JsonNode?> merged = [.. target.Select(i => i?.DeepClone())];
        foreach (JsonNode? item in patch)
        {
            if (item is not JsonObject change) throw new InvalidPatchException($"invalid patch: the list {field.Name} must have objects");
            JsonNode wanted = change[key]
                ?? throw new InvalidPatchException($"map: {change.ToJsonString()} does not contain declared merge key: {key}");
            string? directive = change.Text(Directive);
            if (directive == "delete")
            {
                merged.RemoveAll(m => JsonNode.DeepEquals(m.At(key), wanted));
                continue;
            }

            int at = merged.FindIndex(m => JsonNode.DeepEquals(m.At(key), wanted));
            if (at < 0) merged.Add(WithoutDirectives(change));
            else merged[at] = MergeObject(field.Type.Items, (JsonObject)merged[at]!, change);
        }

        return Order(merged, [.. patch], target, key);
    }

    /// <summary>Brings lists that have a <c>$setElementOrder</c> into its order; what only the server has keeps its place relative to what was there.</summary>
    private static void Reorder(TypeSchema? type, JsonObject target, JsonObject result, JsonObject patch)
    {
        foreach ((string name, JsonNode? value) in patch)
        {
            if (!name.StartsWith(SetElementOrder, StringComparison.Ordinal)) continue;
            string list = name[SetElementOrder.Length..];
            if (value is not JsonArray order) throw new InvalidPatchException($"invalid patch: {name} must be a list");
            string? key = Field(type, list)?.PatchMergeKey;
            if (patch[list] is JsonArray changes) CheckOrder(changes, order, key);
            if (result[list] is not JsonArray items) continue;
            List<JsonNode?> merged = [.. items];
            items.Clear();
            result[list] = Order(merged, [.. order], target[list] as JsonArray ?? [], key);
        }
    }

    private static void CheckOrder(JsonArray changes, JsonArray order, string? key)
    {
        int from = 0;
        foreach (JsonNode? change in changes)
        {
            if (change.Text(Directive) is "delete" or "replace") continue;
            int at = from;
            while (at < order.Count && !Same(order[at], change, key)) at++;
            if (at == order.Count)
            {
                throw new InvalidPatchException(
                    $"The order in patch list:\n{changes.ToJsonString()}\n doesn't match $setElementOrder list:\n{order.ToJsonString()}\n");
            }

            from = at + 1;
        }
    }

    private static bool Same(JsonNode? left, JsonNode? right, string? key) =>
        key is null ? JsonNode.DeepEquals(left, right) : left.At(key) is JsonNode value && JsonNode.DeepEquals(value, right.At(key));

    private static int IndexOf(IList<JsonNode?> list, JsonNode? item, string? key)
    {
        for (int i = 0; i < list.Count; i++)
        {
            if (Same(list[i], item, key)) return i;
        }

        return -1;
    }

    private static JsonArray Order(List<JsonNode?> merged, List<JsonNode?> wanted, JsonArray server, string? key)
    {
        List<JsonNode?> listed = [.. merged.Where(m => IndexOf(wanted, m, key) >= 0).OrderBy(m => IndexOf(wanted, m, key))];
        List<JsonNode?> others = [.. merged.Where(m => IndexOf(wanted, m, key) < 0).OrderBy(m => (uint)IndexOf(server, m, key))];
        var result = new JsonArray();
        int l = 0, o = 0;
        while (l < listed.Count || o < others.Count)
        {
            bool takeOther;
            if (l == listed.Count) takeOther = true;
            else if (o == others.Count) takeOther = false;
            else
            {
                int other = IndexOf(server, others[o], key);
                int own = IndexOf(server, listed[l], key);
                takeOther = other >= 0 && own >= 0 && other < own;
            }

            JsonNode? next = takeOther ? others[o++] : listed[l++];
            result.Add(next?.Parent is null ? next : next.DeepClone());
        }

        return result;
    }

    /// <summary>A copy without directives and nulls, for what is new on the server.</summary>
    private static JsonNode? WithoutDirectives(JsonNode? value)
    {
        switch (value)
        {
            case JsonObject fields:
                var copy = new JsonObject();
                foreach ((string name, JsonNode? child) in fields)
                {
                    if (child is null || name is Directive or RetainKeys || name.StartsWith(SetElementOrder, StringComparison.Ordinal)
                        || name.StartsWith(DeleteFromList, StringComparison.Ordinal))
                    {
                        continue;
                    }

                    copy[name] = WithoutDirectives(child);
                }

                return copy;
            case JsonArray items:
                return new JsonArray([.. items.Where(i => i.Text(Directive) is not ("delete" or "replace")).Select(WithoutDirectives)]);
            default:
                return value?.DeepClone();
        }
    }
}
