using System.Text.Json.Nodes;
using Tenon.Core;
using Tenon.Sandbox.Kubernetes.Storage;

namespace Tenon.Sandbox.Kubernetes.Controllers;

/// <summary>Runs pods until enough of them have succeeded.</summary>
internal sealed class JobController(ClusterAccess cluster) : SandboxController(cluster)
{
    /// <inheritdoc/>
    public override string Name => "job";

    /// <inheritdoc/>
    public override IReadOnlyList<GroupResource> Watches => [Kinds.Jobs, Kinds.Pods];

    /// <inheritdoc/>
    public override IEnumerable<NamespacedName> Affected(StoreEvent change) =>
        change.Object.Resource == Kinds.Jobs ? [change.Object.Key] : Owners.ControllerKey(change.Object, "Job");

    /// <inheritdoc/>
    public override TimeSpan? Reconcile(NamespacedName key)
    {
        if (Cluster.Find(Kinds.Jobs, key) is not StoredObject job || job.IsBeingDeleted) return null;
        if (job.Document.Objects("status", "conditions").Any(c => c.Text("type") is "Complete" or "Failed" && c.Text("status") == "True")) return Expire(job);
        List<StoredObject> pods = [.. Cluster.List(Kinds.Pods, key.Namespace).Where(p => Owners.IsControlledBy(p, job))];
        List<StoredObject> active = [.. pods.Where(Pods.IsActive)];
        int succeeded = pods.Count(p => p.Document.Text("status", "phase") == "Succeeded"), failed = pods.Count(p => p.Document.Text("status", "phase") == "Failed");
        long? completions = job.Document.Long("spec", "completions");
        long parallelism = job.Document.Long("spec", "parallelism") ?? 1, limit = job.Document.Long("spec", "backoffLimit") ?? 6;
        bool suspended = job.Document.Bool("spec", "suspend") == true;
        bool complete = completions is null ? succeeded > 0 && active.Count == 0 : succeeded >= completions;
        bool over = failed > limit;
        long wanted = suspended || complete || over ? 0 : Math.Min(parallelism, completions is long total ? total - succeeded : succeeded > 0 ? active.Count : parallelism);
        for (long i = active.Count; i < wanted; i++)
        {
            StoredObject made = Cluster.Create(PodOf(job));
            Cluster.Event(job, "SuccessfulCreate", $"Created pod: {made.Key.Name}");
        }

        foreach (StoredObject pod in active.Skip((int)wanted)) Cluster.Delete(pod);
        Cluster.Change(job, d => WriteStatus(d.Ensure("status"), job, succeeded, failed, complete, over), "status");
        return null;
    }

    private static JsonObject PodOf(StoredObject job)
    {
        JsonObject pod = Pods.FromTemplate(job, job.Document.Object("spec", "template") ?? []);
        JsonObject labels = pod.Ensure("metadata").Ensure("labels");
        labels["batch.kubernetes.io/controller-uid"] = job.Uid;
        labels["batch.kubernetes.io/job-name"] = job.Key.Name;
        labels["controller-uid"] = job.Uid;
        labels["job-name"] = job.Key.Name;
        return pod;
    }

    private void WriteStatus(JsonObject status, StoredObject job, int succeeded, int failed, bool complete, bool over)
    {
        List<StoredObject> active = [.. Cluster.List(Kinds.Pods, job.Key.Namespace).Where(p => Owners.IsControlledBy(p, job) && Pods.IsActive(p))];
        status["startTime"] ??= Cluster.Now;
        Pods.PutCount(status, "active", active.Count);
        status["ready"] = active.Count(Pods.IsReady);
        status["terminating"] = 0;
        status["uncountedTerminatedPods"] = new JsonObject();
        Pods.PutCount(status, "succeeded", succeeded);
        Pods.PutCount(status, "failed", failed);
        if (complete)
        {
            status["completionTime"] = Cluster.Now;
            Pods.SetCondition(status, "Complete", "True", "CompletionsReached", "Reached expected number of succeeded pods", Cluster.Now);
            Cluster.Event(job, "Completed", "Job completed");
        }
        else if (over)
        {
            Pods.SetCondition(status, "Failed", "True", "BackoffLimitExceeded", "Job has reached the specified backoff limit", Cluster.Now);
            Cluster.Event(job, "BackoffLimitExceeded", "Job has reached the specified backoff limit", warning: true);
        }
    }

    private TimeSpan? Expire(StoredObject job)
    {
        if (job.Document.Long("spec", "ttlSecondsAfterFinished") is not long ttl) return null;
        string? ended = job.Document.Text("status", "completionTime")
            ?? job.Document.Objects("status", "conditions").Select(c => c.Text("lastTransitionTime")).FirstOrDefault();
        if (!DateTimeOffset.TryParse(ended, out DateTimeOffset end)) return null;
        TimeSpan left = end.AddSeconds(ttl) - Cluster.Time.GetUtcNow();
        if (left > TimeSpan.Zero) return left;
        Cluster.Delete(job, propagation: "Foreground");
        return null;
    }
}

