export interface PictureSources {
  readonly button: HTMLButtonElement;
  readonly input: HTMLInputElement;
}

/** Hands over every picture file that the user chooses, drops on the page or pastes into it. */
export function onPicture({ button, input }: PictureSources, take: (file: File) => void): void {
  const takeFirst = (files: FileList | undefined | null) => {
    const file = files?.[0];
    if (file !== undefined) take(file);
    return file !== undefined;
  };

  button.addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    takeFirst(input.files);
    input.value = ""; // so that the same file can be chosen again
  });

  const body = document.body;
  body.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault(); // a page takes a drop by refusing the browser's own way with it
    body.classList.add("dropping");
  });
  body.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) body.classList.remove("dropping"); // it has left the window
  });
  body.addEventListener("drop", (event) => {
    body.classList.remove("dropping");
    if (takeFirst(event.dataTransfer?.files)) event.preventDefault();
  });

  document.addEventListener("paste", (event) => {
    if (takeFirst(event.clipboardData?.files)) event.preventDefault();
  });
}

/** A picture that lies on the sheet. */
export interface Photo {
  readonly file: File | undefined;
  /** Whether it took the place of a drawing. */
  readonly coversInk: boolean;
  lay(file: File, coversInk: boolean): void;
  remove(): void;
}

export function createPhoto(image: HTMLImageElement): Photo {
  let file: File | undefined;
  let coversInk = false;
  const remove = () => {
    if (file === undefined) return;
    URL.revokeObjectURL(image.src);
    image.removeAttribute("src");
    image.hidden = true;
    file = undefined;
    coversInk = false;
  };
  return {
    get file() {
      return file;
    },
    get coversInk() {
      return coversInk;
    },
    lay(next, covers) {
      remove();
      file = next;
      coversInk = covers;
      image.src = URL.createObjectURL(next);
      image.hidden = false;
    },
    remove,
  };
}
