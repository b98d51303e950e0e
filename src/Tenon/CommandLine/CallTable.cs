using System.Text.Json.Nodes;
using Spectre.Console;

namespace Tenon.CommandLine;

/// <summary>The sandbox's call counts as a table.</summary>
internal static class CallTable
{
    /// <summary>A row a service, from what <c>/_sandbox/calls/summary</c> answers.</summary>
    public static Table Render(JsonNode summary)
    {
        Table table = Output.Table("SERVICE", "READS", "WRITES", "TOKENS", "TOTAL");
        foreach ((string service, JsonNode? counts) in summary["services"]!.AsObject()) Row(table, service, counts!);
        Row(table, "all OpenStack", summary["openStack"]!);
        return table;
    }

    private static void Row(Table table, string name, JsonNode counts)
        => table.AddRow(name, $"{counts["reads"]}", $"{counts["writes"]}", $"{counts["auths"]}", $"{counts["total"]}");
}
