using System.Text.Json.Nodes;
using Tenon.Core;

namespace Tenon.Sandbox.Kubernetes.Resources;

/// <summary>A column of <c>kubectl get</c>.</summary>
/// <param name="Name">The heading.</param>
/// <param name="Type">The OpenAPI type: string, integer, number, boolean or date.</param>
public sealed record TableColumn(string Name, string Type = "string")
{
    /// <summary>The OpenAPI format; <c>name</c> for the column that identifies the row.</summary>
    public string Format { get; init; } = "";

    /// <summary>What it shows.</summary>
    public string Description { get; init; } = "";

    /// <summary>0 is always shown, higher ones with <c>-o wide</c>.</summary>
    public int Priority { get; init; }
}

/// <summary>The columns of a kind, and how a row is made.</summary>
/// <param name="Columns">The columns.</param>
/// <param name="Row">The cells of an object at a time, as many as there are columns; <see langword="null"/> cells show as nothing.</param>
public sealed record TableColumns(EquatableArray<TableColumn> Columns, Func<JsonObject, DateTimeOffset, JsonNode?[]> Row);
