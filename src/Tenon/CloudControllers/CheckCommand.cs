using System.CommandLine;
using System.Text.Json.Nodes;
using Spectre.Console;
using Tenon.CloudController.Configuration;
using Tenon.CloudController.Discovery;
using Tenon.CommandLine;
using Tenon.Core;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Objects;
using Tenon.OpenStack;

namespace Tenon.CloudControllers;

/// <summary><c>tenon check</c>: can this cloud serve the cluster, and what will be chosen?</summary>
internal static class CheckCommand
{
    public static Command Create()
    {
        Option<string> config = Connections.CloudConfigOption(), kubeconfig = Connections.KubeconfigOption();
        var command = new Command("check", "Looks at the cloud: versions, extensions, quotas, what will be chosen where cloud.conf says nothing, and a verdict. Changes nothing.") { config, kubeconfig };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var output = new Output(parsed.GetValue(Output.FormatOption));
            CloudConfig read = Connections.ReadCloudConfig(parsed.GetValue(config), output.Report);
            await using CloudClient cloud = Connections.OpenCloud(read, readOnly: true);
            using KubernetesClient? cluster = Connections.TryOpenCluster(parsed.GetValue(kubeconfig));
            var nodes = new List<Node>();
            try
            {
                if (cluster is not null)
                {
                    await foreach (Node node in cluster.ListAsync<Node>(null, cancellationToken)) nodes.Add(node);
                }
            }
            catch (Exception e) when (e is KubernetesException or HttpRequestException)
            {
                output.Report(Problem.Warning("--kubeconfig", null, $"the cluster cannot be read ({e.Message})", "The cloud is checked without it."));
            }

            CheckReport report = await new CloudCheck(cloud, read, TimeProvider.System).RunAsync(nodes, [], cancellationToken);
            output.Print(Document(report), console => Print(report, console));
            return report.Verdict == CheckStatus.Failed ? ExitCode.Failure : ExitCode.Success;
        });
        return command.WithExamples("tenon check --cloud-config cloud.conf", "OS_CLOUD=production tenon check --output json");
    }

    private static void Print(CheckReport report, IAnsiConsole console)
    {
        Table items = Output.Table("CHECK", "", "STATUS", "FOUND", "NOTE");
        string group = "";
        foreach (CheckItem item in report.Items)
        {
            items.AddRow(new Text(item.Group == group ? "" : item.Group), new Text(item.Name), Status(item.Status), new Text(item.Value), new Text(item.Note));
            group = item.Group;
        }

        console.Write(items);
        if (report.Choices.Count > 0)
        {
            console.WriteLine();
            Table choices = Output.Table("OPTION", "VALUE", "NAME", "WHY");
            foreach (Choice choice in report.Choices) choices.AddRow(new Text(choice.Option), new Text(choice.Value), new Text(choice.Name ?? ""), new Text(choice.Why));
            console.Write(choices);
        }

        if (report.Problems.Count > 0) console.WriteLine();
        foreach (Problem problem in report.Problems) console.WriteLine($"{(problem.Severity == ProblemSeverity.Error ? "error" : "warning")}: {problem}");
        console.WriteLine();
        console.WriteLine(report.Summary);
    }

    private static Text Status(CheckStatus status) => status switch
    {
        CheckStatus.Ok => new Text("ok", new Style(Color.Green)),
        CheckStatus.Warning => new Text("warning", new Style(Color.Yellow)),
        _ => new Text("FAILED", new Style(Color.Red)),
    };

    private static JsonObject Document(CheckReport report) => new()
    {
        ["verdict"] = report.Verdict.ToString().ToLowerInvariant(),
        ["summary"] = report.Summary,
        ["items"] = new JsonArray([.. report.Items.Select(i => (JsonNode)new JsonObject
        {
            ["group"] = i.Group, ["name"] = i.Name, ["status"] = i.Status.ToString().ToLowerInvariant(), ["value"] = i.Value, ["note"] = i.Note,
        })]),
        ["choices"] = new JsonArray([.. report.Choices.Select(c => (JsonNode)new JsonObject { ["option"] = c.Option, ["value"] = c.Value, ["name"] = c.Name, ["why"] = c.Why })]),
        ["problems"] = new JsonArray([.. report.Problems.Select(p => (JsonNode)new JsonObject
        {
            ["severity"] = p.Severity.ToString().ToLowerInvariant(), ["field"] = p.Field, ["value"] = p.Value, ["message"] = p.Message, ["fix"] = p.Fix,
        })]),
    };
}
