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
using Tenon.Kubernetes.Controllers;
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
        var after = new List<Node>();
        foreach (Node node in role.NodeInformer.List().OrderBy(n => n.Metadata.Name, StringComparer.Ordinal))
        {
            string name = $"node/{node.Metadata.Name}";
            NodePlan plan = await role.Nodes.PlanAsync(node, cancellationToken);
            changes.AddRange(plan.Plan.Changes.Select(c => PlannedChange.Of(name, c)));
            changes.AddRange(plan.Notices.Where(n => n.Type == EventType.Warning).Select(n => new PlannedChange(name, $"{n.Reason}: {n.Message}", IsChange: false)));
            if (plan.Plan.Changes.Aggregate((Node?)node, (now, change) => now is null ? null : change.ApplyTo(now)) is { } planned) after.Add(planned);
        }

        // Routes and load balancers follow the nodes: they are planned for the nodes as they will be, so that one look shows everything.
        var nodes = new PlannedNodes(after);
        using RouteReconciler? routes = role.RoutesFor(nodes);
        if (routes is not null) await AddRoutesAsync(role, routes, changes, cancellationToken);
        else if (role.Settings.RouteFlags.AllocateNodeCidrs) changes.Add(new PlannedChange("routes", $"none are made: {role.WhyNoRoutes}", IsChange: false));
        await AddServicesAsync(role, nodes, changes, cancellationToken);
        return changes;
    }

    private static async Task AddRoutesAsync(CloudControllerRole role, RouteReconciler routes, List<PlannedChange> changes, CancellationToken cancellationToken)
    {
        if (await routes.PlanAsync(cancellationToken) is not { } plan)
        {
            changes.Add(new PlannedChange("routes", $"RouterNotFound: there is no router {role.RouterId} that the project can see. Set router-id in [Route] of cloud.conf.", IsChange: false));
            return;
        }

        changes.AddRange(plan.Plan.Changes.Select(PlannedChange.Of));
        changes.AddRange(plan.Notices.Where(n => n.Type == EventType.Warning).Select(n => new PlannedChange("routes", $"{n.Node}: {n.Reason}: {n.Message}", IsChange: false)));
    }

    private static async Task AddServicesAsync(CloudControllerRole role, PlannedNodes nodes, List<PlannedChange> changes, CancellationToken cancellationToken)
    {
        if (role.Found.LoadBalancersOff is { } off)
        {
            if (role.ServiceInformer.List().Any(s => s.Spec.Type == "LoadBalancer"))
                changes.Add(new PlannedChange("services", $"Services of type LoadBalancer are not served: {off}.", IsChange: false));
            return;
        }

        await foreach (PlannedService service in role.ServicesFor(nodes).PlanAllAsync(cancellationToken))
        {
            string name = $"service/{service.Service}";
            changes.AddRange(service.Changes.Select(c => PlannedChange.Of(name, c)));
            changes.AddRange(service.Notes.Where(n => n.IsWarning).Select(n => new PlannedChange(name, $"{n.Reason}: {n.Message}", IsChange: false)));
            if (service.Then is Outcome.Refused refused) changes.Add(new PlannedChange(name, $"{refused.Reason}: {refused.Message}", IsChange: false));
            else if (service.Then is Outcome.Waiting waiting && service.Changes.IsEmpty && !service.Notes.Any(n => n.Message == waiting.For)) changes.Add(new PlannedChange(name, $"waits: {waiting.For}", IsChange: false));
        }
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
                    TextRows.Wrapped(console, $"  {(change.IsChange ? "~" : "!")} ", "      ", change.Text);
                    last = change.Object;
                }

                if (changes.Count > 0) console.WriteLine();
                console.WriteLine(count == 0 ? "Nothing to change." : $"{count} change{(count == 1 ? "" : "s")} to make. Nothing was applied.");
            });
    }

    private sealed record PlannedChange(string Object, string Text, bool IsChange)
    {
        private ChangeDescription? Parts { get; init; }

        public static PlannedChange Of(string service, LoadBalancerChange change) => new(service, change.ToString()!, IsChange: true) { Parts = change.Describe() };

        public static PlannedChange Of(string node, NodeChange change) => new(node, change.Describe(), IsChange: true)
        {
            Parts = new ChangeDescription(change is NodeChange.Delete ? "delete" : "update", "node", null, node["node/".Length..], []),
        };

        public static PlannedChange Of(RouteChange change) => new("routes", change.Describe(), IsChange: true)
        {
            Parts = change switch
            {
                RouteChange.SetAddressPairs pairs => new ChangeDescription("update", "port", pairs.PortId, "", []),
                RouteChange.SetRoutes routes => new ChangeDescription("update", "router", routes.RouterId, "", []),
                _ => null,
            },
        };

        public JsonObject ToJson()
        {
            var json = new JsonObject { ["object"] = Object, ["text"] = Text };
            if (Parts is not { } parts) return json;
            json["action"] = parts.Action;
            json["resource"] = parts.Resource;
            if (parts.Id is not null) json["id"] = parts.Id;
            if (parts.Name.Length > 0) json["name"] = parts.Name;
            if (parts.Details.Any()) json["details"] = new JsonObject(parts.Details.DistinctBy(d => d.Name).Select(d => KeyValuePair.Create<string, JsonNode?>(d.Name, d.Value)));
            return json;
        }
    }
}
