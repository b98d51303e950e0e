using System.CommandLine;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Spectre.Console;
using Tenon.CloudController.Configuration;
using Tenon.CloudController.LoadBalancers;
using Tenon.CloudController.Nodes;
using Tenon.CloudController.Routes;
using Tenon.CommandLine;
using Tenon.Core;
using Tenon.Kubernetes.Informers;
using Tenon.Kubernetes.Objects;
using Tenon.LoadBalancing;

namespace Tenon.CloudControllers;

/// <summary><c>tenon plan</c>: what the cloud controller would change now, changing nothing: its cloud client refuses to write.</summary>
internal static class PlanCommand
{
    public static Command Create()
    {
        Option<string> config = Connections.CloudConfigOption(), kubeconfig = Connections.KubeconfigOption(), cluster = Connections.ClusterNameOption();
        var cidr = new Option<string>("--cluster-cidr") { Description = "The pods' address ranges, where the cloud controller makes routes.", HelpName = "CIDR,.." };
        var exitCode = new Option<bool>("--exit-code") { Description = "End with 3 when there are changes to make." };
        var command = new Command("plan", "Prints what would change in the cloud and on the nodes now, and applies nothing.") { config, kubeconfig, cluster, cidr, exitCode };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var output = new Output(parsed.GetValue(Output.FormatOption));
            CloudConfig read = Connections.ReadCloudConfig(parsed.GetValue(config), output.Report);
            var settings = new CloudControllerSettings
            {
                ClusterName = parsed.GetRequiredValue(cluster),
                RouteFlags = new RouteFlags { AllocateNodeCidrs = parsed.GetValue(cidr) is not null, ConfigureCloudRoutes = true, ClusterCidr = parsed.GetValue(cidr) },
            };
            List<PlannedChange> changes = await WithCachesAsync(read, parsed.GetValue(kubeconfig), settings, readOnly: true, PlanAsync, cancellationToken);
            Print(output, changes);
            return parsed.GetValue(exitCode) && changes.Any(c => c.IsChange) ? ExitCode.ChangesPending : ExitCode.Success;
        });
        return command.WithExamples(
            "tenon plan --cloud-config cloud.conf --kubeconfig ~/.kube/config",
            "tenon plan --cloud-config cloud.conf --cluster-cidr 10.150.0.0/16 --output json");
    }

    /// <summary>Puts the controller together, fills its caches, and lets <paramref name="work"/> use it without any controller running.</summary>
    public static async Task<T> WithCachesAsync<T>(
        CloudConfig config, string? kubeconfig, CloudControllerSettings settings, bool readOnly, Func<CloudControllerRole, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        await using CloudControllerRole role = await CloudControllerRole.CreateAsync(
            config, Connections.OpenCloud(config, readOnly), Connections.OpenCluster(kubeconfig), settings, patient: false, NullLoggerFactory.Instance, cancellationToken);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        IInformer[] informers = [role.NodeInformer, role.ServiceInformer];
        Task running = Task.WhenAll(informers.Select(i => i.RunAsync(stop.Token)));
        try
        {
            foreach (IInformer informer in informers) await informer.WaitForSyncAsync(cancellationToken);
            return await work(role, cancellationToken);
        }
        finally
        {
            await stop.CancelAsync();
            try
            {
                await running;
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                // As asked.
            }
        }
    }

    private static async Task<List<PlannedChange>> PlanAsync(CloudControllerRole role, CancellationToken cancellationToken)
    {
        var changes = new List<PlannedChange>();
        foreach (Node node in role.NodeInformer.List().OrderBy(n => n.Metadata.Name, StringComparer.Ordinal))
        {
            NodePlan plan = await role.Nodes.PlanAsync(node, cancellationToken);
            changes.AddRange(plan.Plan.Changes.Select(c => new PlannedChange($"node/{node.Metadata.Name}", c.Describe(), IsChange: true)));
            changes.AddRange(plan.Notices.Where(n => n.Type == Kubernetes.Controllers.EventType.Warning).Select(n => new PlannedChange($"node/{node.Metadata.Name}", $"{n.Reason}: {n.Message}", IsChange: false)));
        }

        if (role.Routes is not null && await role.Routes.PlanAsync(cancellationToken) is { } routes)
            changes.AddRange(routes.Plan.Changes.Select(c => new PlannedChange("routes", c.Describe(), IsChange: true)));
        if (role.Found.LoadBalancersOff is null && role.Found.Config.LoadBalancer.Enabled)
        {
            await foreach (PlannedService service in role.LoadBalancers.Planner.PlanAllAsync(cancellationToken))
            {
                changes.AddRange(service.Changes.Select(c => new PlannedChange($"service/{service.Service}", c.ToString()!, IsChange: true) { Change = c }));
                if (service.Then is Outcome.Refused refused) changes.Add(new PlannedChange($"service/{service.Service}", $"{refused.Reason}: {refused.Message}", IsChange: false));
            }
        }

        return changes;
    }

    private static void Print(Output output, List<PlannedChange> changes)
    {
        int count = changes.Count(c => c.IsChange);
        output.Print(
            new JsonObject
            {
                ["changes"] = new JsonArray([.. changes.Where(c => c.IsChange).Select(c => (JsonNode)c.ToJson())]),
                ["problems"] = new JsonArray([.. changes.Where(c => !c.IsChange).Select(c => (JsonNode)new JsonObject { ["object"] = c.Object, ["message"] = c.Text })]),
            },
            console =>
            {
                string last = "";
                foreach (PlannedChange change in changes)
                {
                    if (change.Object != last) console.WriteLine(change.Object);
                    console.WriteLine($"  {(change.IsChange ? "~" : "!")} {change.Text}");
                    last = change.Object;
                }

                if (changes.Count > 0) console.WriteLine();
                console.WriteLine(count == 0 ? "Nothing to change." : $"{count} change{(count == 1 ? "" : "s")} to make. Nothing was applied.");
            });
    }

    private sealed record PlannedChange(string Object, string Text, bool IsChange)
    {
        public LoadBalancerChange? Change { get; init; }

        public JsonObject ToJson()
        {
            var json = new JsonObject { ["object"] = Object, ["text"] = Text };
            if (Change is null) return json;
            ChangeDescription parts = Change.Describe();
            json["action"] = parts.Action;
            json["resource"] = parts.Resource;
            if (parts.Id is not null) json["id"] = parts.Id;
            json["name"] = parts.Name;
            json["details"] = new JsonObject(parts.Details.DistinctBy(d => d.Name).Select(d => KeyValuePair.Create<string, JsonNode?>(d.Name, d.Value)));
            return json;
        }
    }
}
