namespace Tenon.Kubernetes.Client;

/// <summary>Which objects to list.</summary>
public sealed record ListOptions
{
    /// <summary>Only in this namespace; <see langword="null"/> means in all, and is right for cluster-scoped types.</summary>
    public string? Namespace { get; init; }

    /// <summary>Only with these labels, in Kubernetes' selector syntax.</summary>
    public string? LabelSelector { get; init; }

    /// <summary>Only with these fields, such as <c>spec.nodeName=node-1</c>.</summary>
    public string? FieldSelector { get; init; }

    /// <summary>How many objects a page holds; 0 leaves it to the server (everything in one answer).</summary>
    public int PageSize { get; init; } = 500;

    /// <summary><c>0</c> allows any age (from the server's cache); unset asks for the newest state.</summary>
    public string? ResourceVersion { get; init; }
}

/// <summary>What to watch.</summary>
public sealed record WatchOptions
{
    /// <summary>Only in this namespace; <see langword="null"/> means in all.</summary>
    public string? Namespace { get; init; }

    /// <summary>Only with these labels.</summary>
    public string? LabelSelector { get; init; }

    /// <summary>Only with these fields.</summary>
    public string? FieldSelector { get; init; }

    /// <summary>Changes after this version; unset begins with the present objects as additions.</summary>
    public string? ResourceVersion { get; init; }

    /// <summary>Whether the server tells its version from time to time.</summary>
    public bool AllowBookmarks { get; init; } = true;

    /// <summary>When the server should end the watch; unset leaves it to the server.</summary>
    public TimeSpan? Timeout { get; init; }
}

/// <summary>How to write.</summary>
public sealed record WriteOptions
{
    /// <summary>What is used where nothing is given.</summary>
    public static WriteOptions Default { get; } = new();

    /// <summary>Only a part of the object, such as <c>status</c> or <c>scale</c>.</summary>
    public string? Subresource { get; init; }

    /// <summary>Who is named in <c>managedFields</c>; server-side apply needs one.</summary>
    public string? FieldManager { get; init; }

    /// <summary>Whether the server does everything but store the result.</summary>
    public bool DryRun { get; init; }

    /// <summary><c>Strict</c>, <c>Warn</c> or <c>Ignore</c> unknown fields; unset leaves it to the server.</summary>
    public string? FieldValidation { get; init; }
}

/// <summary>What becomes of the objects that a deleted object owns.</summary>
public enum Propagation
{
    /// <summary>What the type's default is.</summary>
    Default,

    /// <summary>They stay.</summary>
    Orphan,

    /// <summary>They go afterwards.</summary>
    Background,

    /// <summary>They go first.</summary>
    Foreground,
}

/// <summary>How to delete.</summary>
public sealed record DeleteOptions
{
    /// <summary>What is used where nothing is given.</summary>
    public static DeleteOptions Default { get; } = new();

    /// <summary>What becomes of the objects that it owns.</summary>
    public Propagation Propagation { get; init; }

    /// <summary>How long the deletion may take, in seconds.</summary>
    public int? GracePeriodSeconds { get; init; }

    /// <summary>Only if the object still has this UID; else 409.</summary>
    public string? Uid { get; init; }

    /// <summary>Only if the object still has this resource version; else 409.</summary>
    public string? ResourceVersion { get; init; }

    /// <summary>Whether the server does everything but delete.</summary>
    public bool DryRun { get; init; }
}

/// <summary>How a client behaves.</summary>
public sealed record KubernetesClientOptions
{
    /// <summary>The name of the program in <c>User-Agent</c>.</summary>
    public string UserAgent { get; init; } = "tenon";

    /// <summary>How long a request may take, watches excepted.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long connecting may take.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a watch may be silent before it is given up; bookmarks come about once a minute.</summary>
    public TimeSpan WatchIdleTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Sustained requests a second; 0 means no limit on this side (the server has its own fairness).</summary>
    public double QueriesPerSecond { get; init; }

    /// <summary>How many requests may go out at once before <see cref="QueriesPerSecond"/> applies.</summary>
    public int Burst { get; init; } = 30;

    /// <summary>How often a request is sent at most, where repeating is safe.</summary>
    public int MaxAttempts { get; init; } = 5;
}
