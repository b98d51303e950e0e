using System.CommandLine;
using System.Text.Json.Nodes;
using Spectre.Console;
using Tenon.CloudController.Configuration;
using Tenon.CloudController.Discovery;
using Tenon.CommandLine;
using Tenon.Core;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Objects;
using Tenon.Network.Contracts;
using Tenon.Network.Control;
using Tenon.OpenStack;
using Tenon.OpenStack.Networking;

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
            (List<Node> nodes, List<Service> services) = (await ListAsync<Node>(cluster, output, cancellationToken), await ListAsync<Service>(cluster, output, cancellationToken));
            CheckReport report = await new CloudCheck(cloud, read, TimeProvider.System).RunAsync(nodes, HttpNeeds.Of(services, read.LoadBalancer), cancellationToken);
            if (cluster is not null && await HasNetworksAsync(cluster, cancellationToken))
                report = report with { Items = [.. report.Items, .. await NodesAsync(nodes, cloud.Networking(read.Global.Region), cancellationToken)] };
            output.Print(Document(report), console => Print(report, console));
            return report.Verdict == CheckStatus.Failed ? ExitCode.Failure : ExitCode.Success;
        });
        return command.WithExamples("tenon check --cloud-config cloud.conf", "OS_CLOUD=production tenon check --output json");
    }

    private static async Task<List<T>> ListAsync<T>(KubernetesClient? cluster, Output output, CancellationToken cancellationToken)
        where T : class, IKubernetesObject
    {
        var items = new List<T>();
        if (cluster is null) return items;
        try
        {
            await foreach (T item in cluster.ListAsync<T>(null, cancellationToken)) items.Add(item);
        }
        catch (KubernetesException e)
        {
            output.Report(Problem.Warning("--kubeconfig", null, $"the cluster's {T.Resource.Plural} cannot be read ({e.Message})", "The cloud is checked without them."));
        }

        return items;
    }

    /// <summary>Whether the cluster's pods are to be on Neutron: the definitions are there.</summary>
    private static async Task<bool> HasNetworksAsync(KubernetesClient cluster, CancellationToken cancellationToken)
    {
        try
        {
            await cluster.ListAsync<VirtualNetwork>(null, cancellationToken).AnyAsync(cancellationToken);
            return true;
        }
        catch (KubernetesException e) when (e.Failure is KubernetesFailure.NotFound or KubernetesFailure.Forbidden)
        {
            // The definitions are not there, or are none of the caller's business.
            return false;
        }
    }

    /// <summary>Which nodes can plug pods, and what is in the way of the others.</summary>
    private static async Task<IEnumerable<CheckItem>> NodesAsync(List<Node> nodes, NetworkingClient networking, CancellationToken cancellationToken)
    {
        IReadOnlyDictionary<string, string> problems = await NodeChecks.ProblemsAsync(nodes, networking, networking, cancellationToken);
        return nodes.OrderBy(n => n.Metadata.Name, StringComparer.Ordinal).Select(n => problems.TryGetValue(n.Metadata.Name, out string? why)
            ? new CheckItem("pods on Neutron", n.Metadata.Name, CheckStatus.Warning, "cannot plug pods", why)
            : new CheckItem("pods on Neutron", n.Metadata.Name, CheckStatus.Ok, "can plug pods", ""));
    }

    private static void Print(CheckReport report, IAnsiConsole console)
    {
        var items = new TextRows("CHECK", "STATUS", "FOUND", "NOTE");
        string group = "";
        foreach (CheckItem item in report.Items)
        {
            if (item.Group != group) items.Group(group = item.Group);
            items.Add($"  {item.Name}", Status(item.Status), item.Value, item.Note);
        }

        items.Print(console);
        if (report.Choices.Count > 0)
        {
            console.WriteLine();
            var choices = new TextRows("OPTION", "VALUE", "WHY");
            foreach (Choice choice in report.Choices) choices.Add(choice.Option, choice.Value, choice.Name is { } name ? $"{name}: {choice.Why}" : choice.Why);
            choices.Print(console);
        }

        if (report.Problems.Count > 0) console.WriteLine();
        foreach (Problem problem in report.Problems) TextRows.Wrapped(console, "", "    ", $"{(problem.Severity == ProblemSeverity.Error ? "error" : "warning")}: {problem}");
        console.WriteLine();
        console.WriteLine(report.Summary);
    }

    private static TextRows.Cell Status(CheckStatus status) => status switch
    {
        CheckStatus.Ok => new("ok", Color.Green),
        CheckStatus.Warning => new("warning", Color.Yellow),
        _ => new("FAILED", Color.Red),
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
