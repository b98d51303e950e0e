using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Tenon.Core;

namespace Tenon.Sandbox.Kubernetes.Resources;

/// <summary>Tables of custom resources, from <c>additionalPrinterColumns</c>.</summary>
internal static partial class PrinterColumns
{
    private static readonly TableColumn Name = new("Name") { Format = "name", Description = "Name must be unique within a namespace." };

    /// <summary>Reads the columns of a CustomResourceDefinition's version.</summary>
    public static TableColumns Read(JsonObject version)
    {
        JsonObject[] given = [.. version.Objects("additionalPrinterColumns")];
        if (given.Length == 0) return new([Name, new("Age", "date")], (o, now) => [o.Text("metadata", "name"), Cells.AgeOf(o, now)]);
        TableColumn[] columns =
        [
            Name,
            .. given.Select(c => new TableColumn(c.Text("name")!, c.Text("type") ?? "string")
            {
                Format = c.Text("format") ?? "", Description = c.Text("description") ?? "", Priority = (int)(c.Long("priority") ?? 0),
            }),
        ];
        string[][] paths = [.. given.Select(c => Steps(c.Text("jsonPath") ?? ""))];
        return new(columns.ToEquatableArray(), (o, now) =>
        [
            o.Text("metadata", "name"),
            .. paths.Select((path, i) => Cell(Find(o, path, 0), columns[i + 1].Type, now)),
        ]);
    }

    private static JsonNode? Cell(JsonNode? value, string type, DateTimeOffset now) => type switch
    {
        "date" => value.AsText() is { } time ? Cells.Age(time, now) : null,
        "integer" => value.AsLong() is { } number ? number : null,
        "boolean" => value.AsBool() is { } flag ? flag : null,
        "number" => value?.DeepClone(),
        _ => value switch { null => null, JsonValue scalar => scalar.AsText() ?? scalar.ToJsonString(), _ => value.ToJsonString() },
    };

    /// <summary>Splits the subset of JSONPath that columns use: names, bracketed names, indexes, <c>[*]</c>, and <c>[?(@.a=="b")]</c>.</summary>
    private static string[] Steps(string path) => [.. Step().Matches(path).Select(m => m.Value.TrimStart('.'))];

    private static JsonNode? Find(JsonNode? node, string[] steps, int at)
    {
        if (at == steps.Length || node is null) return node;
        string step = steps[at].Replace("\\.", ".", StringComparison.Ordinal);
        if (!step.StartsWith('[')) return Find(node.At(step), steps, at + 1);
        string inner = step[1..^1].Trim();
        if (inner.Length > 1 && inner[0] is '\'' or '"') return Find(node.At(inner[1..^1]), steps, at + 1);
        if (node is not JsonArray list) return null;
        if (inner == "*") return list.Select(i => Find(i, steps, at + 1)).FirstOrDefault(i => i is not null);
        if (int.TryParse(inner, out int index)) return index < list.Count && index >= 0 ? Find(list[index], steps, at + 1) : null;
        Match filter = Filter().Match(inner);
        if (!filter.Success) return null;
        string[] field = Steps(filter.Groups["field"].Value);
        return list.Where(i => Find(i, field, 0) is JsonValue v && (v.AsText() ?? v.ToJsonString()) == filter.Groups["value"].Value)
            .Select(i => Find(i, steps, at + 1)).FirstOrDefault(i => i is not null);
    }

    [GeneratedRegex(@"\.(\\\.|[^.\[\]])+|\[\?\([^\]]*\)\]|\[[^\]]*\]", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Step();

    [GeneratedRegex(@"\A\?\(\s*@(?<field>[^=!<>\s]+)\s*==\s*[""']?(?<value>[^""']*?)[""']?\s*\)\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Filter();
}
