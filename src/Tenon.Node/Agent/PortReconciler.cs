using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Tenon.Core;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Controllers;
using Tenon.Kubernetes.Informers;
using Tenon.Network.Contracts;
using Tenon.Nodes.Plugging;

namespace Tenon.Nodes.Agent;

/// <summary>Unplugs what has lost its port, and reports what is plugged.</summary>
internal sealed partial class PortReconciler(
    KubernetesClient client, ILister<PodPort> ports, AttachmentBook book, Attacher attacher, Func<CancellationToken, Task> untilBookIsWhole, TimeProvider time,
    ILogger<PortReconciler> logger) : IReconciler
{
    /// <inheritdoc/>
    public async Task<Outcome> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        // Of a book that was lost nothing may be concluded: a pod that lives would be reported as unplugged, and then unplugged.
        await untilBookIsWhole(cancellationToken);

        // Unplugging changes what is to be reported; the second pass reports it, a third is never needed.
        for (int pass = 0; pass < 2; pass++)
        {
            PodPort? port = ports.Get(key);
            IReadOnlyList<PortChange> changes = PortPlanner.Plan(port, book.Of(key), time.GetUtcNow());
            if (changes.Count == 0) break;
            foreach (PortChange change in changes)
            {
                switch (change)
                {
                    case PortChange.Unplug unplug:
                        LogUnplug(key, unplug.Attachment.ContainerId, unplug.Why);
                        await attacher.UnplugAsync(unplug.Attachment.ContainerId, "", "", cancellationToken);
                        break;
                    case PortChange.Report report:
                        await ReportAsync(port!, report.Status, cancellationToken);
                        return Outcome.Done;
                }
            }
        }

        return Outcome.Done;
    }

    private async Task ReportAsync(PodPort port, PodPortStatus status, CancellationToken cancellationToken)
    {
        var body = new JsonObject
        {
            // What was looked at must be what is written: a port that changed meanwhile is looked at again.
            ["metadata"] = new JsonObject { ["uid"] = port.Metadata.Uid, ["resourceVersion"] = port.Metadata.ResourceVersion },
            ["status"] = new JsonObject
            {
                ["containerId"] = status.ContainerId,
                ["interfaceName"] = status.InterfaceName,
                ["hostInterface"] = status.HostInterface,
                ["conditions"] = new JsonArray([.. status.Conditions.Select(c => (JsonNode)KubernetesJson.ToNode(c))]),
            },
        };
        try
        {
            await client.PatchAsync<PodPort>(port.Metadata.Key, Patch.Merge(body), cancellationToken, new WriteOptions { Subresource = "status" });
        }
        catch (KubernetesException e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            // It has gone, which the informer is about to tell.
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Unplugging container {Container} of pod {Pod}: {Why}")]
    private partial void LogUnplug(NamespacedName pod, string container, string why);
}
