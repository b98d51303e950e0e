using System.CommandLine;
using System.Text.Json.Nodes;
using Spectre.Console;
using Tenon.CloudController.Configuration;
using Tenon.CloudController.Discovery;
using Tenon.CloudController.LoadBalancers;
using Tenon.CommandLine;
using Tenon.LoadBalancing;
using Tenon.OpenStack;

namespace Tenon.CloudControllers;

/// <summary><c>tenon gc</c>: what this cluster owns in the cloud and nothing refers to any more.</summary>
internal static class GcCommand
{
    public static Command Create()
    {
        Option<string> config = Connections.CloudConfigOption(), kubeconfig = Connections.KubeconfigOption(), cluster = Connections.ClusterNameOption();
        var delete = new Option<bool>("--delete") { Description = "Delete what is listed and certainly this cluster's." };
        var command = new Command("gc", "Lists what this cluster owns in the cloud and nothing refers to any more; with --delete, removes it.") { config, kubeconfig, cluster, delete };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var output = new Output(parsed.GetValue(Output.FormatOption));
            CloudConfig read = Connections.ReadCloudConfig(parsed.GetValue(config), output.Report);
            bool deletes = parsed.GetValue(delete);
            var settings = new CloudControllerSettings { ClusterName = parsed.GetRequiredValue(cluster) };
            return await PlanCommand.WithCachesAsync(read, parsed.GetValue(kubeconfig), settings, readOnly: !deletes,
                (role, token) => CollectAsync(role, output, deletes, token), cancellationToken);
        });
        return command.WithExamples("tenon gc --cloud-config cloud.conf --kubeconfig ~/.kube/config", "tenon gc --cloud-config cloud.conf --delete");
    }

    private static async Task<int> CollectAsync(CloudControllerRole role, Output output, bool deletes, CancellationToken cancellationToken)
    {
        var rows = new List<(Orphan Orphan, string State, string? Failure)>();
        bool failed = false;
        foreach (Orphan orphan in await role.LoadBalancers.Collector.FindAsync(cancellationToken))
        {
            string state = orphan.IsCertain ? "orphaned" : "uncertain";
            string? failure = null;
            if (deletes && orphan.IsCertain)
            {
                try
                {
                    await role.LoadBalancers.Collector.DeleteAsync(orphan, cancellationToken);
                    state = "deleted";
                }
                catch (OpenStackException e)
                {
                    (state, failure, failed) = ("FAILED", CloudFailure.Explain(e).ToSentences(), true);
                }
            }

            rows.Add((orphan, state, failure));
        }

        output.Print(
            new JsonObject
            {
                ["orphans"] = new JsonArray([.. rows.Select(r => (JsonNode)Document(r.Orphan, r.State, r.Failure))]),
            },
            console =>
            {
                if (rows.Count == 0)
                {
                    console.WriteLine("Nothing is orphaned.");
                    return;
                }

                var table = new TextRows("RESOURCE", "ID", "STATE", "WHY");
                foreach ((Orphan orphan, string state, string? failure) in rows)
                {
                    ChangeDescription parts = orphan.Change.Describe();
                    table.Add(parts.Resource, parts.Id, state, failure is null ? $"{orphan.Name}: {orphan.Why}" : $"{orphan.Name}: {orphan.Why}. {failure}");
                }

                table.Print(console);
                if (rows.Any(r => r.State == "uncertain")) console.WriteLine("What is uncertain may be another cluster's, or still in the making; it is never deleted here.");
                if (!deletes) console.WriteLine("Nothing was deleted; --delete does that.");
            });
        return failed ? ExitCode.Failure : ExitCode.Success;
    }

    private static JsonObject Document(Orphan orphan, string state, string? failure)
    {
        ChangeDescription parts = orphan.Change.Describe();
        var document = new JsonObject
        {
            ["resource"] = parts.Resource,
            ["id"] = parts.Id,
            ["name"] = orphan.Name,
            ["state"] = state,
            ["certain"] = orphan.IsCertain,
            ["why"] = orphan.Why,
        };
        if (failure is not null) document["failure"] = failure;
        return document;
    }
}
